"""A new version before the start asks again and takes no place; what was accepted can always be read, word for word."""

import re
from datetime import date, timedelta
from typing import Literal

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.errors import Conflict
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries, services
from programmes.enrolment.rules import AgreementText, State, TextKind
from programmes.enrolment.services import Taken
from programmes.enrolment.texts import agreement_queries
from programmes.enrolment.texts.agreement_rules import asked_again, newest
from programmes.enrolment.visits import step_services
from programmes.settings import Settings
from tests.catalogue.cast import EDITION
from tests.clock import FrozenClock
from tests.enrolment.test_visit_changes import a_slot, look, open_in
from tests.factories import a_cohort, a_leader, a_programme, post_form, sign_in_as, somebody

DAY = date(2026, 9, 2)
FIRST = date(2026, 9, 30)
CHANGES = ("update agreement_text set lines_sv = 'Annat'", "delete from agreement_text")


@pytest.fixture
async def robin(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    found = await a_leader(clock.now())
    await sign_in_as(client, "robin", clock.now())
    return found


async def write(kind: TextKind, words: str, valid_from: date, who: Principal, clock: FrozenClock) -> None:
    await step_services.add_text("2.8", kind, valid_from, [words], [f"In English: {words}"], who.staff_id, clock.now())


async def confirmed(
    cohort: CohortFacts, keys: KeyFolder, clock: FrozenClock, who: Principal, name: str = "Anna Ask"
) -> Taken:
    """Somebody who has made the visit and accepted both texts on screen."""
    programme = (await a_programme("2.8"))[1]
    taken = await somebody(cohort, keys, clock.now(), name)
    starts = clock.now() + timedelta(minutes=10)
    slot = await step_services.add_slot(
        cohort.cohort_id, starts, starts + timedelta(hours=1), cohort.venue_id, None, 1, clock.now()
    )
    await step_services.book_visit(taken.enrolment_id, slot, clock.now())
    await step_services.mark_visit(taken.enrolment_id, "attended", who.staff_id, programme, clock.now())
    shown = [text.text_id for text in await queries.texts_for(programme, local_date(clock.now()))]
    await step_services.accept_texts(taken.enrolment_id, shown, programme, "screen", clock.now())
    assert (await queries.enrolment(taken.enrolment_id)).state == "confirmed"
    return taken


async def test_a_new_version_is_asked_for_everywhere_until_it_is_accepted_and_costs_no_place(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    for kind in ("conditions", "rules"):
        await write(kind, f"Gammalt om {kind}.", DAY, robin, clock)  # type: ignore[arg-type]
    cohort = await a_cohort("2.8", clock.now(), robin)
    screen, paper = [await confirmed(cohort, keys, clock, robin, name) for name in ("Anna Ask", "Bo Bok")]
    group = f"/personal/grupper/{cohort.cohort_id}"
    assert "Ny version av villkor" not in await look(client, "/personal/idag")
    await write("rules", "Nytt om regler.", DAY, robin, clock)
    page = await look(client, "/personal/idag")
    assert "Ny version av villkor eller regler i" in page
    assert "2 personer har den nya versionen kvar att godkänna." in page
    assert (await look(client, group)).count("Läsa och godkänna den nya versionen") == 2

    await open_in(client, screen, keys)
    page = await look(client, "/min-plats")
    for words in ("Du har en plats", "Läs och godkänn den nya versionen", "Nytt om regler.", "Det här har du godkänt"):
        assert words in page
    assert "Gammalt om rules." in page
    assert page.count('name="text"') == 1
    refused = await post_form(client, "/min-plats/godkann", {}, "/min-plats")
    assert refused.status_code == 422
    assert "Allt som står här behövs." in refused.text
    found = re.search(r'name="text" value="(\d+)"', page)
    assert found
    assert (await post_form(client, "/min-plats/godkann", {"text": found[1]}, "/min-plats")).status_code == 303
    # Another tab still shows the form: it is done, whatever was ticked there.
    again = await post_form(client, "/min-plats/godkann", {}, "/min-plats")
    assert again.headers["location"] == "/min-plats?klart=godkant"
    assert "Tack, det är godkänt" in await look(client, "/min-plats?klart=godkant")
    page = await look(client, "/min-plats")
    assert "Läs och godkänn den nya versionen" not in page
    for words in ("Regler i gruppen, version", "Godkänt på skärm 2 september 2026 10.00.", "Nytt om regler."):
        assert words in page

    person = f"{group}/deltagare/{paper.enrolment_id}"
    page = await look(client, person)
    assert "Den nya versionen, godkänd på papper" in page
    assert (await post_form(client, f"{person}/papper", {}, person)).status_code == 422
    assert (await post_form(client, f"{person}/papper", {"text": found[1]}, person)).status_code == 303
    page = await look(client, person)
    assert "Godkänt på papper, antecknat 2 september 2026 10.00." in page
    assert "Gammalt om rules." in page
    assert "Nytt om regler." in page
    assert "Ny version av villkor" not in await look(client, "/personal/idag")
    for taken in (screen, paper):
        facts = await queries.enrolment(taken.enrolment_id)
        assert (facts.state, facts.seat is not None) == ("confirmed", True)


async def test_a_version_that_has_been_outrun_is_not_accepted_by_mistake(
    robin: Principal, clock: FrozenClock, keys: KeyFolder
) -> None:
    for kind in ("conditions", "rules"):
        await write(kind, "Ett.", DAY, robin, clock)  # type: ignore[arg-type]
    cohort = await a_cohort("2.8", clock.now(), robin)
    taken = await confirmed(cohort, keys, clock, robin)
    programme = (await a_programme("2.8"))[1]
    await write("rules", "Två.", DAY, robin, clock)
    facts = await queries.enrolment(taken.enrolment_id)
    shown = await agreement_queries.to_accept_again(programme, facts, cohort.first_start, DAY)
    await write("rules", "Tre.", DAY, robin, clock)
    with pytest.raises(Conflict, match="texts_changed"):
        await step_services.accept_texts(taken.enrolment_id, [t.text_id for t in shown], programme, "screen", clock.now())


async def test_what_was_accepted_is_read_as_it_was_also_after_the_place_is_over(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    for kind in ("conditions", "rules"):
        await write(kind, f"Så stod det i {kind}.", DAY, robin, clock)  # type: ignore[arg-type]
    cohort = await a_cohort("2.8", clock.now(), robin)
    taken = await confirmed(cohort, keys, clock, robin)
    await services.leave(taken.enrolment_id, keys, clock.now())
    page = await look(client, f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}")
    assert "Så stod det i rules." in page
    assert "Så stod det i conditions." in page


async def test_somebody_whose_visit_lies_ahead_accepts_the_newest_only(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin)
    taken = await somebody(cohort, keys, clock.now())
    await a_slot(cohort, clock, robin)
    for words in ("Ett.", "Två."):
        await write("rules", words, DAY, robin, clock)
    await open_in(client, taken, keys)
    page = await look(client, "/min-plats")
    assert "Läs och godkänn" not in page
    assert "Det här har du godkänt" not in page


async def test_what_was_accepted_stands_when_a_visit_is_noted_missed_and_then_made(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder
) -> None:
    for kind in ("conditions", "rules"):
        await write(kind, f"Ett om {kind}.", DAY, robin, clock)  # type: ignore[arg-type]
    cohort = await a_cohort("2.8", clock.now(), robin)
    taken = await confirmed(cohort, keys, clock, robin)
    programme = (await a_programme("2.8"))[1]

    async def note(state: Literal["attended", "missed"]) -> State:
        await step_services.mark_visit(
            taken.enrolment_id, state, robin.staff_id, programme, clock.now(), correcting=state == "missed"
        )
        return (await queries.enrolment(taken.enrolment_id)).state

    assert (await note("missed"), await note("attended")) == ("preliminary", "confirmed")
    assert await note("missed") == "preliminary"
    await write("rules", "Två om rules.", DAY, robin, clock)
    assert await note("attended") == "preliminary"
    await open_in(client, taken, keys)
    person = f"/personal/grupper/{cohort.cohort_id}/deltagare/{taken.enrolment_id}"
    assert "Reglerna, version 2" in (shown := await look(client, person))
    assert "Villkoren, version" not in shown
    place = await look(client, "/min-plats")
    assert re.findall(r'name="text" value="([0-9]+)"', place) == re.findall(r'name="text" value="([0-9]+)"', shown)
    asked = re.findall(r'name="text" value="([0-9]+)"', place)
    assert len(asked) == 1
    answer = await post_form(client, "/min-plats/godkann", {"text": asked[0]}, "/min-plats")
    assert answer.headers["location"] == "/min-plats?klart=godkant"
    assert (await queries.enrolment(taken.enrolment_id)).state == "confirmed"


kinds: list[TextKind] = ["conditions", "rules"]
texts = st.lists(
    st.builds(
        AgreementText,
        st.integers(1, 50),
        st.sampled_from(kinds),
        st.integers(1, 9),
        st.dates(date(2026, 8, 1), date(2026, 11, 1)),
        st.just(("Rad.",)),
        st.just(("Line.",)),
    ),
    max_size=8,
    unique_by=(lambda t: t.text_id, lambda t: (t.kind, t.version)),
)
states = st.sampled_from(["preliminary", "confirmed", "queued", "offered", "completed", "withdrawn"])


RELAPSE = next(p for p in EDITION.programmes if p.section == "2.8")


@given(versions=texts, accepted=st.frozensets(st.integers(1, 50)), state=states, today=st.dates(DAY, date(2026, 12, 1)))
def test_only_who_is_confirmed_is_asked_again_for_what_was_in_force_before_the_start(
    versions: list[AgreementText], accepted: frozenset[int], state: State, today: date
) -> None:
    asked = asked_again(RELAPSE, state, accepted, versions, today, FIRST)
    assert asked_again(RELAPSE, state, accepted, versions, today, None) == ()
    last = min(today, FIRST - timedelta(days=1))
    for text in asked:
        assert state == "confirmed"
        assert text.text_id not in accepted
        assert text.valid_from <= last
        rivals = [v for v in versions if v.kind == text.kind and v.valid_from <= last]
        assert text.version == max(v.version for v in rivals)
        assert any(v.kind == text.kind and v.text_id in accepted for v in versions), "an older one was accepted"
    after = accepted | {text.text_id for text in asked}
    assert asked_again(RELAPSE, state, after, versions, today, FIRST) == (), "accepted, nothing is left"
    assert {t.text_id for t in newest(versions, today, FIRST)} >= {t.text_id for t in asked}


@pytest.mark.parametrize("role", ["web_database_url", "worker_database_url"])
async def test_neither_web_nor_worker_can_change_any_version(
    role: str, robin: Principal, clock: FrozenClock, settings: Settings, owner: asyncpg.Connection
) -> None:
    await write("rules", "Vi hälsar.", DAY, robin, clock)
    before = await owner.fetch("select * from agreement_text order by id")
    connection = await asyncpg.connect(getattr(settings, role))
    try:
        for statement in (*CHANGES, "truncate agreement_text cascade", "alter table agreement_text disable trigger all"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()
    assert await owner.fetch("select * from agreement_text order by id") == before


@pytest.mark.parametrize("what", [0, 1])
async def test_not_even_the_owner_changes_a_version_that_somebody_has_accepted(
    what: int, robin: Principal, keys: KeyFolder, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin, sessions=4)
    for kind in kinds:
        await write(kind, "Vi hälsar.", DAY, robin, clock)
    await confirmed(cohort, keys, clock, robin)
    before = await owner.fetch("select * from agreement_text order by id")
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="accepted_text_never_changes"):
        await owner.execute(CHANGES[what])
    assert await owner.fetch("select * from agreement_text order by id") == before
    await write("rules", "Vi hälsar inte.", DAY, robin, clock)


async def test_web_withdraws_no_version_that_is_in_force_or_accepted_whatever_day_it_says(
    robin: Principal, keys: KeyFolder, clock: FrozenClock, settings: Settings, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.8", clock.now(), robin, sessions=4)
    for kind in kinds:
        await write(kind, "Vi hälsar.", DAY, robin, clock)
    await confirmed(cohort, keys, clock, robin)
    accepted = await owner.fetchval("select text_id from agreement limit 1")
    await write("rules", "Vi hälsar igen.", DAY + timedelta(days=3), robin, clock)
    coming = await owner.fetchval("select max(id) from agreement_text")
    connection = await asyncpg.connect(settings.web_database_url)
    try:
        withdraw = "select withdraw_text($1, $2)"
        assert await connection.fetchval(withdraw, accepted, date(1900, 1, 1)) is False
        assert await connection.fetchval(withdraw, coming, DAY + timedelta(days=3)) is False
        assert await connection.fetchval(withdraw, coming, DAY) is True
    finally:
        await connection.close()
