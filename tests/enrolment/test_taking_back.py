"""What staff noted by mistake is taken back: proof that was shown, and an acceptance on paper."""

from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.enrolment.texts.agreement_rules import TAKE_BACK, on_paper_just_now
from programmes.enrolment.visits import step_services
from tests.clock import FrozenClock
from tests.enrolment.test_agreements import DAY, confirmed, write
from tests.enrolment.test_visit_changes import look
from tests.factories import a_cohort, a_leader, a_programme, post_form, sign_in_as, somebody

NOW = datetime(2026, 9, 2, 8, tzinfo=UTC)
noted = st.lists(st.tuples(st.integers(1, 9), st.sampled_from(["paper", "screen"]), st.integers(0, 120)), max_size=5)


@pytest.fixture
async def robin(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    found = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    return found


@given(noted, st.one_of(st.none(), st.integers(-60, 60)))
def test_only_what_was_noted_last_on_paper_is_taken_back_within_the_hour_and_before_the_start(
    said: list[tuple[int, str, int]], starts_in: int | None
) -> None:
    accepted = [(text, how, NOW - timedelta(minutes=ago)) for text, how, ago in said]
    first = None if starts_in is None else NOW + timedelta(minutes=starts_in)
    for text in on_paper_just_now(accepted, first, NOW):
        last = max(at for _text, _how, at in accepted)
        assert (text, "paper", last) in accepted
        assert all(how == "paper" for _text, how, at in accepted if at == last)
        assert NOW - last < TAKE_BACK
        assert first is None or first > NOW


async def test_an_acceptance_on_paper_that_was_noted_by_mistake_is_taken_back_and_the_place_is_kept(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    for kind in ("conditions", "rules"):
        await write(kind, "Ett.", DAY, robin, clock)  # type: ignore[arg-type]
    cohort = await a_cohort("2.8", clock.now(), robin)
    programme = (await a_programme("2.8"))[1]
    taken = await confirmed(cohort, keys, clock, robin)
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    first = sorted((await queries.enrolment(taken.enrolment_id)).accepted)
    assert "Personen har inte godkänt" not in await look(client, person), "it was on screen"
    clock.advance(minutes=1)
    await write("rules", "Två.", DAY, robin, clock)
    newest = [text.text_id for text in await queries.texts_for(programme, DAY) if text.text_id not in first]
    await step_services.accept_texts(taken.enrolment_id, newest, programme, "paper", clock.now(), robin.staff_id)
    assert "Personen har inte godkänt" in await look(client, person)
    for _ in range(2):
        assert (await post_form(client, f"{person}/papper/angra", {"text": newest}, person)).status_code == 303
    facts = await queries.enrolment(taken.enrolment_id)
    assert (facts.state, sorted(facts.accepted)) == ("confirmed", first), "only the new version is asked for again"
    # Of who had accepted nothing else the place is preliminary again.
    other = await confirmed(cohort, keys, clock, robin, "Bo Bok")
    await owner.execute("update agreement set how = 'paper' where enrolment_id = $1", other.enrolment_id)
    theirs = person.replace(str(taken.enrolment_id), str(other.enrolment_id))
    texts = sorted((await queries.enrolment(other.enrolment_id)).accepted)
    wrong = await post_form(client, f"{theirs}/papper/angra", {"text": texts[:1]}, theirs)
    assert (wrong.status_code, "Det går inte att ta tillbaka längre" in wrong.text) == (409, True)
    assert (await post_form(client, f"{theirs}/papper/angra", {"text": texts}, theirs)).status_code == 303
    facts = await queries.enrolment(other.enrolment_id)
    assert (facts.state, facts.seat is not None, facts.accepted) == ("preliminary", True, frozenset())
    assert await owner.fetchval("select count(*) from audit_entry where action = 'agreement:taken_back'") == 2


async def test_proof_that_was_not_shown_is_taken_back_and_leaves_no_trace_where_nobody_is_known(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    for section, state, trace in (("2.8", "preliminary", 1), ("2.10", "preliminary", 0)):
        cohort = await a_cohort(section, clock.now(), robin, minimum=1, maximum=3)
        taken = await somebody(cohort, keys, clock.now())
        await owner.execute("update enrolment set guardian_ticked = false where participant_id is null")
        if section == "2.10":
            await owner.execute("update enrolment set state = 'preliminary' where id = $1", taken.enrolment_id)
        person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
        assert (await post_form(client, f"{person}/legitimation", {}, person)).status_code == 303
        facts = await queries.enrolment(taken.enrolment_id)
        assert facts.state == ("confirmed" if section == "2.10" else "preliminary")
        assert "Det är inte kontrollerat" in await look(client, person)
        for _ in range(2):
            assert (await post_form(client, f"{person}/legitimation/angra", {}, person)).status_code == 303
        facts = await queries.enrolment(taken.enrolment_id)
        assert (facts.state, facts.proof_ticked, facts.proof_checked_at) == (state, None, None)
        assert "Kontrollerad nu" in await look(client, person)
        taken_back = "select count(*) from audit_entry where action = 'proof:taken_back' and subject like $1"
        assert await owner.fetchval(taken_back, f"%{taken.enrolment_id}") == trace
