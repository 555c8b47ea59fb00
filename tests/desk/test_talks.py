"""Booking the talks of a series as it goes on: the next one, or several by a pattern; never more than the edition says."""

import asyncio
import re
from datetime import date, time, timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries, session_services, talk_services
from programmes.cohorts.schedule_rules import slot_on
from programmes.core.clock import local_date
from programmes.core.db import execute, transaction
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from tests.clock import FrozenClock
from tests.cohorts.cast import a_leader, sign_in_as
from tests.desk.talk_cast import a_series, booking, days_of, fill, look, numbers, robin, said
from tests.factories import a_cohort, a_venue, box, hidden, post_form, somebody

__all__ = ["robin"]


# Booking one.


async def test_the_suggestion_is_a_week_after_the_last_at_the_same_time(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_series("2.18", clock, robin)
    assert await talk_services.book_talk(
        cohort.cohort_id, slot_on(date(2026, 12, 17), time(9, 15), time(10)), cohort.venue_id, robin, clock.now()
    ) == []  # fmt: skip
    shown = (await client.get(f"/personal/grupper/{cohort.cohort_id}/boka")).text
    # Christmas Eve and New Year's Eve are Thursdays that year.
    assert re.search(r'name="dag"[^>]*value="2027-01-07"', shown)
    assert re.search(r'name="fran"[^>]*value="09:15"', shown)
    assert re.search(r'name="till"[^>]*value="10:00"', shown)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dag": "2026-02-31"}, "Skriv ett datum som finns"),
        ({"dag": ""}, "Skriv ett datum som finns"),
        ({"dag": "2026-09-01"}, "Tiden har redan varit."),
        ({"dag": "2029-10-05"}, "Välj en dag inom två år."),
        ({"fran": "15.00"}, "Sluttiden måste vara efter starttiden."),
        ({"dag": "2027-03-28", "fran": "02.30", "till": "04.00"}, "så 2.30 finns inte"),
        ({"dag": "2026-10-25", "fran": "01.00", "till": "02.30"}, "så 2.30 kommer två gånger"),
        ({"fran": "05.00"}, "Skriv en tid från 6.00 till 23.00."),
        ({"fran": "06.00", "till": "15.00"}, "Ett samtal är högst åtta timmar."),
        ({"lokal": "999999"}, "Välj en lokal."),
        ({"lokal": "1 or 1=1"}, "Välj en lokal."),
        ({"dag": "2026-09-30", "fran": "11.00", "till": "12.30"}, "Det finns redan ett samtal då."),
        ({"dag": "2026-12-24"}, "Julafton, helgdag. Välj en annan dag, eller kryssa i att det är meningen."),
    ],
)
async def test_what_cannot_be_booked_is_kept_and_explained(
    changes: dict[str, str], message: str, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_series("2.3", clock, robin, sessions=1)
    answer = await post_form(client, f"/personal/grupper/{cohort.cohort_id}/boka", booking(cohort, **changes))
    assert answer.status_code == 422
    assert message in said(answer)
    assert len(await queries.sessions(cohort.cohort_id)) == 1
    for name, value in changes.items():
        assert name == "lokal" or not value or f'value="{value}"' in answer.text


async def test_a_day_off_and_a_clash_are_asked_about_and_booked_when_meant(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    room = await a_venue()
    other = await a_cohort("2.1", clock.now(), robin, venue_id=room)
    cohort = await a_series("2.3", clock, robin)
    address = f"/personal/grupper/{cohort.cohort_id}/boka"
    (busy, *_rest) = await queries.sessions(other.cohort_id)
    taken = {"dag": local_date(busy.starts_at).isoformat(), "fran": "11.00", "till": "12.30", "lokal": str(room)}
    asked = await post_form(client, address, booking(cohort, **taken))
    assert asked.status_code == 422
    # Robin leads that one too.
    assert f"Krock: lokalen är bokad av {other.name}" in said(asked)
    assert f"Krock: Robin har {other.name}" in said(asked)
    assert 'name="anda"' in asked.text
    assert await queries.sessions(cohort.cohort_id) == []
    meant = await post_form(client, address, booking(cohort, **taken, anda=box(asked.text)))
    assert meant.status_code == 303
    off = box((await post_form(client, address, booking(cohort, dag="2026-12-24"))).text)
    eve = await post_form(client, address, booking(cohort, dag="2026-12-24", anda=off))
    assert eve.status_code == 303
    assert [day for _n, day, _state in await days_of(cohort)] == [date(2026, 9, 30), date(2026, 12, 24)]
    # Pressed twice, there is one.
    again = await post_form(client, address, booking(cohort, dag="2026-12-24", anda=off))
    assert (again.status_code, "Det finns redan ett samtal då." in said(again)) == (422, True)


async def test_only_who_works_with_a_series_books_in_it(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, group = await a_series("2.3", clock, robin), await a_cohort("2.1", clock.now(), robin)
    form = (await client.get(f"/personal/grupper/{cohort.cohort_id}/boka")).text
    token = hidden(form, "_csrf_token")
    for page in ("boka", "boka-flera"):
        address = f"/personal/grupper/{group.cohort_id}/{page}"
        assert (await client.get(address)).status_code == 404
        assert (await client.post(address, data={**booking(group), "_csrf_token": token})).status_code == 404
    await a_leader(clock.now(), "ronja")
    await sign_in_as(client, "ronja", clock.now())
    for page in ("boka", "boka-flera"):
        address = f"/personal/grupper/{cohort.cohort_id}/{page}"
        assert (await client.get(address)).status_code == 404
        assert (await client.post(address, data={**booking(cohort), "_csrf_token": token})).status_code == 404
    assert await queries.sessions(cohort.cohort_id) == []
    await owner.execute("update cohort set state = 'closed' where id = $1", cohort.cohort_id)
    await sign_in_as(client, "robin", clock.now())
    closed = await client.get(f"/personal/grupper/{cohort.cohort_id}/boka")
    assert "Samtalen är avslutade eller inställda" in said(closed)
    slot = slot_on(date(2026, 10, 5), time(13), time(14))
    (reason,) = await talk_services.book_talk(cohort.cohort_id, slot, cohort.venue_id, robin, clock.now())
    assert reason.code == "cohort_over"


# The edition's number.


@pytest.mark.parametrize(("section", "most"), [("2.3", 10), ("2.18", 12), ("2.14", 20), ("2.6", 1)])
async def test_there_are_never_more_talks_than_the_edition_says(
    section: str, most: int, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort = await a_series(section, clock, robin)
    await fill(cohort, most, robin, clock)
    base = f"/personal/grupper/{cohort.cohort_id}"
    full = f"Riktlinjen {section} säger högst {most} samtal, och så många är redan bokade, hållna eller uteblivna."
    for page in ("/boka", "/boka-flera", "/traffar"):
        assert full in await look(client, f"{base}{page}")
    slot = slot_on(date(2027, 5, 25), time(13), time(14))
    reasons = await talk_services.book_talk(cohort.cohort_id, slot, cohort.venue_id, robin, clock.now(), meant=True)
    assert [reason.code for reason in reasons] == ["talks_full"]
    # By the database too, whoever writes, also by numbers that are none.
    for number in (most + 1, 0, -5):
        with pytest.raises(asyncpg.CheckViolationError) as refused:
            async with transaction():
                await execute(
                    """insert into cohort_session (cohort_id, number, starts_at, ends_at, venue_id, theme, state, added,
                                                   sequence, revised_at)
                       values ($1, $2, $3, $4, $5, '', 'planned', false, 0, $6)""",
                    cohort.cohort_id,
                    number,
                    slot.starts_at,
                    slot.ends_at,
                    cohort.venue_id,
                    clock.now(),
                )
        assert refused.value.constraint_name == "talks_within_edition"
    # Cancelling one makes room for one; that it is cancelled stays.
    first = (await queries.sessions(cohort.cohort_id))[0]
    assert await session_services.cancel_session(first.session_id, False, robin, clock.now()) == []
    listed = await client.get(f"{base}/andrat?klart=installd")
    assert "Boka en ny tid" in said(listed)
    assert f'href="{base}/boka"' in listed.text
    assert await talk_services.book_talk(cohort.cohort_id, slot, cohort.venue_id, robin, clock.now()) == []
    found = await days_of(cohort)
    assert [number for number, _day, _state in found if number] == list(range(1, most + 1))
    with pytest.raises(asyncpg.CheckViolationError):
        async with transaction():
            await execute(
                "update cohort_session set state = 'planned', number = $2 where id = $1", first.session_id, most + 1
            )


async def test_a_cancelled_talk_that_is_made_up_for_at_the_end_stays_within_the_number(
    robin: Principal, clock: FrozenClock
) -> None:
    cohort = await a_series("2.18", clock, robin)
    await fill(cohort, 12, robin, clock)
    first = (await queries.sessions(cohort.cohort_id))[0]
    assert await session_services.cancel_session(first.session_id, True, robin, clock.now()) == []
    assert [number for number, _d, state in await days_of(cohort) if state != "cancelled"] == list(range(1, 13))


async def test_of_two_who_book_the_last_talk_at_once_one_is_told_that_there_are_no_more(
    robin: Principal, clock: FrozenClock
) -> None:
    cohort = await a_series("2.3", clock, robin)
    await fill(cohort, 9, robin, clock)
    slots = [slot_on(date(2027, 5, 25) + timedelta(days=n), time(13), time(14)) for n in range(3)]
    answers = await asyncio.gather(
        *(talk_services.book_talk(cohort.cohort_id, slot, cohort.venue_id, robin, clock.now()) for slot in slots)
    )
    assert sorted([reason.code for reason in found] for found in answers) == [[], ["talks_full"], ["talks_full"]]
    assert len(await queries.sessions(cohort.cohort_id)) == 10


async def test_a_series_without_a_number_in_the_edition_goes_on(robin: Principal, clock: FrozenClock) -> None:
    cohort = await a_series("2.2", clock, robin)
    await fill(cohort, 30, robin, clock)
    assert (await talk_services.counted(cohort)).left is None


# Several by a pattern.


async def test_several_are_booked_as_they_were_seen_and_told_once(
    robin: Principal, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, owner: asyncpg.Connection
) -> None:
    cohort = await a_series("2.3", clock, robin)
    await somebody(cohort, keys, clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/boka-flera"
    shown = await client.get(address)
    assert "Boka 4 samtal" in said(shown)
    form = {**booking(cohort, dag="2026-12-10"), "antal": "3", "monster": "vecka", "sett": hidden(shown.text, "sett")}
    unseen = await post_form(client, address, form)
    assert (unseen.status_code, "Titta på dagarna igen" in said(unseen)) == (422, True)
    assert await queries.sessions(cohort.cohort_id) == []
    assert "Julafton, helgdag." in said(unseen)
    seen = {**form, "sett": hidden(unseen.text, "sett")}
    answer = await post_form(client, address, seen)
    assert answer.headers["location"] == f"/personal/grupper/{cohort.cohort_id}/traffar?klart=bokade-ring"
    days = [date(2026, 12, 10), date(2026, 12, 17), date(2027, 1, 7)]
    assert [day for _n, day, _state in await days_of(cohort)] == days
    told = await owner.fetch("select convert_from(payload, 'utf8') as p from pgqueuer where entrypoint = 'talk_booked'")
    first = (await queries.sessions(cohort.cohort_id))[0]
    change_id = await owner.fetchval("select max(id) from session_change where not untold")
    assert [row["p"] for row in told] == [f'{{"change": {change_id}, "session": {first.session_id}}}']
    assert await numbers(owner, "select count(*) from audit_entry where action = 'session:book'") == 3
    # Sent again, nothing is there twice.
    again = await post_form(client, address, seen)
    assert (again.status_code, "Det finns redan ett samtal då." in said(again)) == (422, True)
    assert len(await queries.sessions(cohort.cohort_id)) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"antal": "8"}, "Riktlinjen 2.3 säger högst 10 samtal. 7 till kan bokas."),
        ({"antal": "0"}, "Skriv ett tal från 1 till 52."),
        ({"antal": "1e9"}, "Skriv ett tal från 1 till 52."),
        ({"monster": "flera"}, "Välj ett av alternativen."),
        ({"dag": "2026-08-31"}, "Tiden har redan varit."),
        ({"dag": "2026-09-30", "fran": "10.30", "till": "11.00"}, "Det finns redan ett samtal då."),
        ({"till": "12.00"}, "Sluttiden måste vara efter starttiden."),
    ],
)
@pytest.mark.parametrize("show", [True, False])
async def test_a_pattern_that_cannot_be_is_explained_before_and_when_it_is_sent(
    show: bool, changes: dict[str, str], message: str, robin: Principal, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_series("2.3", clock, robin, sessions=3)
    form = {**booking(cohort), "antal": "4", "monster": "varannan", "sett": "", **changes, **({"visa": "1"} if show else {})}
    answer = await post_form(client, f"/personal/grupper/{cohort.cohort_id}/boka-flera", form)
    assert (answer.status_code, message in said(answer)) == (422, True), said(answer)[:3000]
    assert len(await queries.sessions(cohort.cohort_id)) == 3
