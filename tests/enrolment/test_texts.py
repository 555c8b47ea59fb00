"""Versions of conditions and rules: written forwards only, seen before saving, withdrawn while nobody has them."""

import asyncio
import itertools
from datetime import date, timedelta

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.core.clock import local_date
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.enrolment.rules import AgreementText
from programmes.enrolment.texts import agreement_queries
from programmes.enrolment.texts import services as text_services
from programmes.enrolment.texts.agreement_rules import FARTHEST, NewText, newest, why_not_add
from programmes.enrolment.texts.services import NotAdded
from tests.clock import FrozenClock
from tests.enrolment.test_agreements import confirmed
from tests.enrolment.test_visit_changes import look
from tests.factories import a_cohort, a_coordinator, hidden, post_form, sign_in_as

TODAY = date(2026, 9, 2)
ADDRESS = "/personal/texter"
FORM: dict[str, object] = {"avsnitt": "2.8", "sort": "rules", "fran": "2026-09-02", "sv": "Ett.", "en": "One."}

steps = st.lists(st.tuples(st.integers(-40, 420), st.integers(0, 60), st.sampled_from(["Ett.", "Två.", "Tre."])), max_size=6)


@given(steps)
def test_whatever_is_written_the_newest_in_force_has_the_highest_number_and_the_past_never_changes(
    written: list[tuple[int, int, str]],
) -> None:
    today, versions = TODAY, list[AgreementText]()
    for ahead, passes, words in written:
        new = NewText("2.8", "rules", today + timedelta(days=ahead), (words,), (words,))
        was_in_force = newest(versions, today - timedelta(days=1), None)
        if not why_not_add(new, versions, today):
            assert 0 <= ahead <= FARTHEST.days
            versions.append(new.after(versions))
        assert newest(versions, today - timedelta(days=1), None) == was_in_force
        days = [text.valid_from for text in versions]
        assert days == sorted(days)
        assert all(a.lines_sv != b.lines_sv for a, b in itertools.pairwise(versions))
        today += timedelta(days=passes)


@pytest.fixture
async def kim(db: None, client: httpx.AsyncClient, clock: FrozenClock) -> Principal:
    found = await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    return found


async def save(client: httpx.AsyncClient, form: dict[str, object]) -> httpx.Response:
    shown = await post_form(client, ADDRESS, form)
    assert shown.status_code == 200, shown.text
    return await post_form(client, ADDRESS, {**form, "sett": hidden(shown.text, "sett")})


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2020-01-01", "Det som redan har gällt ändras aldrig."),
        ("2026-09-01", "Det som redan har gällt ändras aldrig."),
        ("2199-01-01", "Välj en dag inom ett år."),
        ("2026-09-09", "En ny kan inte gälla före den."),
    ],
)
async def test_a_version_is_not_backdated_not_lost_in_the_future_and_not_put_before_the_last(
    kim: Principal, client: httpx.AsyncClient, owner: asyncpg.Connection, day: str, words: str
) -> None:
    assert (await save(client, {**FORM, "fran": "2026-09-10"})).status_code == 303
    refused = await post_form(client, ADDRESS, {**FORM, "fran": day, "sv": "Två."})
    assert refused.status_code == 422
    assert words in refused.text
    assert "Två." in refused.text
    assert await owner.fetchval("select count(*) from agreement_text") == 1


async def test_the_same_form_sent_twice_makes_one_version_also_at_once(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    shown = await post_form(client, ADDRESS, FORM)
    form = {**FORM, "sett": hidden(shown.text, "sett")}
    assert (await post_form(client, ADDRESS, form)).status_code == 303
    assert (await post_form(client, ADDRESS, form)).status_code == 303
    assert await owner.fetchval("select count(*) from agreement_text") == 1
    # Written anew, it is told that there is one already.
    again = await post_form(client, ADDRESS, FORM)
    assert again.status_code == 422
    assert "Texten är likadan som version 1, som redan är sparad." in again.text
    day, now = local_date(clock.now()), clock.now()
    both = [text_services.add_text("2.8", "rules", day, ["Två."], ["Two."], kim.staff_id, now) for _ in range(2)]
    outcomes = await asyncio.gather(*both)
    assert sorted(isinstance(outcome, NotAdded) for outcome in outcomes) == [False, True]
    assert await owner.fetchval("select count(*) from agreement_text") == 2
    shown, in_english = await look(client, ADDRESS), await look(client, f"{ADDRESS}?lang=en")
    assert all(f"<span>{line}</span>" in page for page in (shown, in_english) for line in ("Ett.", "One.", "Two.", "Två."))


async def test_before_saving_one_sees_how_many_in_which_group_are_asked_again_and_only_that_is_saved(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    for kind in ("conditions", "rules"):
        assert (await save(client, {**FORM, "sort": kind, "sv": "Noll."})).status_code == 303
    soon, later = [await a_cohort("2.8", clock.now(), first_in=timedelta(days=days)) for days in (20, 40)]
    await confirmed(soon, keys, clock, kim, "Anna Ask")
    for name in ("Bo Bok", "Cia Ceder"):
        await confirmed(later, keys, clock, kim, name)
    form = {**FORM, "fran": "2026-10-01"}
    shown = await post_form(client, ADDRESS, form)
    for words in ("2 personer har godkänt den förra", "riktlinjen 2.8", f"/personal/grupper/{later.cohort_id}", "One."):
        assert words in shown.text
    # The other group has begun by then.
    assert f'href="/personal/grupper/{soon.cohort_id}"' not in shown.text
    assert "Bo Bok" not in shown.text
    assert await owner.fetchval("select count(*) from agreement_text where kind = 'rules'") == 1
    await confirmed(later, keys, clock, kim, "Dan Druva")
    changed = await post_form(client, ADDRESS, {**form, "sett": hidden(shown.text, "sett")})
    assert changed.status_code == 409
    assert "3 personer har godkänt den förra" in changed.text
    assert await owner.fetchval("select count(*) from agreement_text where kind = 'rules'") == 1
    back = await post_form(client, ADDRESS, {**form, "andra": "ja"})
    assert back.status_code == 200
    assert "Se vilka som berörs" in back.text
    assert "One." in back.text
    seen = {**form, "sett": hidden(changed.text, "sett")}
    assert (await post_form(client, ADDRESS, seen)).status_code == 303
    clock.set(clock.now().replace(month=10, day=1))
    first_days = {c.cohort_id: local_date(c.first_start) for c in (soon, later) if c.first_start}
    left = await agreement_queries.left_to_accept(first_days, local_date(clock.now()))
    assert left == {soon.cohort_id: 0, later.cohort_id: 3}


async def test_every_version_is_listed_and_one_that_has_not_been_in_force_can_be_withdrawn(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    for day, words in (("2026-09-02", "Ett."), ("2026-09-02", "Två."), ("2026-10-01", "Tre.")):
        assert (await save(client, {**FORM, "fran": day, "sv": words})).status_code == 303
    page = await look(client, ADDRESS)
    for words in (
        "Regler i gruppen, version 1, gällde från 2 september 2026",
        "Regler i gruppen, version 2, gäller från 2 september 2026",
        "Regler i gruppen, version 3, gäller från 1 oktober 2026",
        "Ett.",
        "Två.",
        "Tre.",
    ):
        assert words in page
    first, second, third = [row["id"] for row in await owner.fetch("select id from agreement_text order by version")]
    assert page.count("Ta tillbaka versionen") == 1
    for text_id in (first, second):
        refused = await post_form(client, f"{ADDRESS}/{text_id}/ta-tillbaka", {}, ADDRESS)
        assert refused.status_code == 409
        assert "Versionen gäller redan" in refused.text
    assert (await post_form(client, f"{ADDRESS}/{third}/ta-tillbaka", {}, ADDRESS)).status_code == 303
    assert (await post_form(client, f"{ADDRESS}/{third}/ta-tillbaka", {}, ADDRESS)).status_code == 404
    assert "Tre." not in await look(client, ADDRESS)
    assert await owner.fetchval("select count(*) from agreement_text") == 2
    # And the number is free for what is written instead.
    assert (await save(client, {**FORM, "sv": "Fyra."})).status_code == 303
    assert await owner.fetchval("select max(version) from agreement_text") == 3
    assert await owner.fetchval("select count(*) from audit_entry where action like 'agreement:withdraw:%'") == 1


async def test_who_coordinates_something_else_withdraws_nothing(
    kim: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    assert (await save(client, {**FORM, "fran": "2026-10-01"})).status_code == 303
    text_id = await owner.fetchval("select id from agreement_text")
    await a_coordinator(clock.now(), "lo", section="2.1")
    await sign_in_as(client, "lo", clock.now())
    assert (await post_form(client, f"{ADDRESS}/{text_id}/ta-tillbaka", {}, "/personal/tolkningar")).status_code in {
        403,
        404,
    }
    assert await owner.fetchval("select count(*) from agreement_text") == 1


def test_whoever_reads_in_english_accepts_as_many_points_as_in_swedish() -> None:
    today = date(2026, 9, 2)
    for swedish, english, wrong in ((("Ett.", "Två."), ("One.",), {"en": "unequal"}), (("Ett.",), ("One.",), {})):
        assert why_not_add(NewText("2.8", "rules", today, swedish, english), [], today) == wrong
