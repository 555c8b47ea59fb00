"""Changing sessions: first whom it reaches and what clashes, then that they know, and for an hour a way back."""

from datetime import timedelta

import asyncpg
import httpx
import pytest

from programmes.cohorts import queries, rest_services
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.rules import Reason
from programmes.core.clock import local
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader, sign_in_as
from tests.factories import a_cohort, a_venue, box, hidden, post_form, somebody
from tests.notices.conftest import mail  # noqa: F401
from tests.notices.mail import Mail

Cast = tuple[CohortFacts, Principal]


@pytest.fixture
async def group(client: httpx.AsyncClient, clock: FrozenClock) -> Cast:
    """A started group led by Robin on Wednesdays from 30 September, with Kim signed in, who coordinates it."""
    robin = await a_leader(clock.now())
    await a_coordinator(clock.now())
    cohort = await a_cohort("2.1", clock.now(), robin, state="started")
    await sign_in_as(client, "kim", clock.now())
    return cohort, robin


async def sessions_of(cohort: CohortFacts) -> list[SessionFacts]:
    return await queries.sessions(cohort.cohort_id)


def days(sessions: list[SessionFacts]) -> list[str]:
    return [f"{local(s.starts_at):%d/%m %H.%M}" for s in sessions if s.state != "cancelled"]


def form_of(session: SessionFacts, **changes: object) -> dict[str, object]:
    starts, ends = local(session.starts_at), local(session.ends_at)
    return {
        "dag": f"{starts:%Y-%m-%d}",
        "fran": f"{starts:%H:%M}",
        "till": f"{ends:%H:%M}",
        "lokal": str(session.venue_id),
        "sedd": str(session.sequence),
        **changes,
    }


def kept(text: str) -> dict[str, object]:
    """The hidden fields of the preview."""
    return {name: hidden(text, name) for name in ("dag", "fran", "till", "lokal", "omfang", "sedd", "dagar")}


async def test_a_session_and_the_rest_move_as_they_were_shown_are_told_once_and_come_back(
    group: Cast,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    cohort, _ = group
    await owner.execute("update cohort set state = 'open'")
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await somebody(cohort, keys, clock.now())
    await mail.work()
    await owner.execute("update cohort set state = 'started'")
    before = await sessions_of(cohort)
    address = f"/personal/traffar/{before[6].session_id}/flytta"
    shown = (await client.get(address)).text
    assert "1 med e-postadress" in shown
    assert "1 som inget når" in shown
    assert "3 träffar kommer efter. De följer med i samma mönster." in shown
    one = (await client.get(f"/personal/traffar/{before[8].session_id}/flytta")).text
    assert "1 träff kommer efter. Den följer med i samma mönster." in one
    # The second of them would be on a day that is closed.
    shut = "insert into closure (venue_id, first_day, last_day, reason) values (null, '2026-11-19', '2026-11-19', 'Lov')"
    await owner.execute(shut)
    moved = form_of(before[6], dag="2026-11-12", fran="13:00", till="15:30", omfang="resten")
    shown = await post_form(client, address, moved)
    assert shown.status_code == 200
    assert "Flytta 4 träffar?" in shown.text
    assert "De nya tiderna gäller." in shown.text
    assert "Lov. Er stängning, alla lokaler." in shown.text
    assert await sessions_of(cohort) == before
    # What was seen is no longer so: it is shown again, and nothing is saved.
    seen = kept(shown.text)
    await owner.execute("delete from closure")
    again = await post_form(client, address, seen)
    assert (again.status_code, "Titta på dagarna igen" in again.text) == (422, True)
    assert await sessions_of(cohort) == before
    seen = kept(again.text)
    answer = await post_form(client, address, seen)
    assert answer.headers["location"] == f"/personal/grupper/{cohort.cohort_id}/andrat?klart=resten"
    after = await sessions_of(cohort)
    assert days(after[6:]) == ["12/11 13.00", "19/11 13.00", "26/11 13.00", "03/12 13.00"]
    assert [s.sequence for s in after] == [0] * 6 + [1] * 4
    assert after[:6] == before[:6]
    done = (await client.get(answer.headers["location"])).text
    assert "1 besked är på väg." in done
    assert "1 person ser det bara på Min plats." in done
    await mail.work()
    assert (
        len([text for text in mail.to("lisa@example.invalid") if "har fått nya tider. Se alla" in " ".join(text.split())])
        == 1
    )
    done = (await client.get(answer.headers["location"])).text
    assert "1 person har fått besked." in done
    assert "1 person ser det bara på Min plats." in done
    assert "Ingen behöver ringas" in done
    # A way back, for those who were told also in words.
    back = f"/personal/grupper/{cohort.cohort_id}/andrat"
    clock.advance(minutes=59)
    await sign_in_as(client, "kim", clock.now())
    undone = await post_form(client, back, {"andring": hidden(done, "andring")})
    assert undone.headers["location"].endswith("klart=angrad")
    restored = await sessions_of(cohort)
    assert [(s.starts_at, s.venue_id, s.state, s.number, s.moved_from) for s in restored] == [
        (s.starts_at, s.venue_id, s.state, s.number, s.moved_from) for s in before
    ]
    assert [s.sequence for s in restored] == [0] * 6 + [2] * 4
    await mail.work()
    [said] = [text for text in mail.to("lisa@example.invalid") if "Ändringen som vi skrev om gäller inte." in text]
    assert "Första mötet är onsdag 30 september" in said
    assert "Alla tider står på Min plats." in said
    # Who had not been told of the change is not told that it is undone.
    assert await owner.fetchval("select count(*) from notice where kind = 'change_undone'") == 1
    assert await owner.fetchval("select count(*) from notice where kind = 'rest_moved' and state = 'no_channel'") == 0
    assert (await post_form(client, back, {"andring": hidden(done, "andring")})).status_code == 409


async def test_a_change_that_nobody_had_heard_of_is_undone_without_a_word_and_only_while_nothing_else_has_happened(
    group: Cast,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    cohort, _ = group
    before = await sessions_of(cohort)
    back, stop = f"/personal/grupper/{cohort.cohort_id}/andrat", f"/personal/traffar/{before[0].session_id}/stall-in"

    async def cancel() -> str:
        sequence = (await sessions_of(cohort))[0].sequence
        seen = hidden((await client.get(stop)).text, "nytt")
        answer = await post_form(client, stop, {"sedan": "till", "sedd": str(sequence), "nytt": seen})
        assert answer.status_code == 303
        return hidden((await client.get(back)).text, "andring")

    await owner.execute("update cohort set state = 'open'")
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    await owner.execute("update cohort set state = 'started'")
    change = await cancel()
    assert len(await sessions_of(cohort)) == 11
    assert "Ångra den senaste ändringen" in (await client.get(f"/personal/grupper/{cohort.cohort_id}/traffar")).text
    # Who comes while it holds knows no other days, and is told.
    await owner.execute("update cohort set state = 'open'")
    clock.advance(minutes=5)
    await somebody(await queries.by_id(cohort.cohort_id), keys, clock.now(), contact="ny@example.invalid")
    await owner.execute("update cohort set state = 'started'")
    assert (await post_form(client, back, {"andring": change})).status_code == 303
    after = await sessions_of(cohort)
    # The one that was added stands as cancelled in the calendars that had it; the numbers are as before.
    assert (after[-1].state, after[-1].sequence, after[0].sequence) == ("cancelled", 1, 2)
    assert [s.number for s in after] == [*range(1, 11), None]
    await mail.work()
    assert len(mail.to("lisa@example.invalid")) == 1
    # They had heard of no change: how it is now is all that there is to say.
    [told] = [text for text in mail.to("ny@example.invalid") if "Något har ändrats." in text]
    assert "Mötet onsdag 30 september 10.00–12.00 blir av." in told
    assert "Mötet onsdag 9 december 09.00–11.00 blir inte av." in told
    kinds = await owner.fetch("select kind from notice where kind <> 'place_held'")
    assert [row["kind"] for row in kinds] == ["rest_moved"]
    # After something else, after the hour, and when the old time has begun, it is too late.
    change = await cancel()
    await owner.execute("update cohort_session set theme = 'Sömn', shares_room = true where id = $1", before[3].session_id)
    assert (await post_form(client, back, {"andring": change}, stop)).status_code == 409
    await owner.execute("update cohort_session set shares_room = false")
    clock.advance(hours=1)
    await sign_in_as(client, "kim", clock.now())
    assert (await post_form(client, back, {"andring": change}, stop)).status_code == 409
    assert 'name="andring"' not in (await client.get(back)).text
    for typed in ("", "x", "99999999999999", "-1", "0"):
        assert (await post_form(client, back, {"andring": typed}, stop)).status_code == 409
    soon = (await sessions_of(cohort))[1]
    clock.set(soon.starts_at - timedelta(minutes=10))
    await sign_in_as(client, "kim", clock.now())
    stop = f"/personal/traffar/{soon.session_id}/stall-in"
    assert (await post_form(client, stop, {"sedan": "inte", "sedd": str(soon.sequence)})).status_code == 303
    shown = (await client.get(back)).text
    assert 'name="andring"' in shown
    clock.advance(minutes=10)
    assert 'name="andring"' not in (await client.get(back)).text, "not offered once the time that was has begun"
    answer = await post_form(client, back, {"andring": hidden(shown, "andring")})
    assert (answer.status_code, "Tiden som var förut har redan börjat" in answer.text) == (422, True)


@pytest.mark.parametrize("heard_of_first", [True, False])
async def test_an_earlier_change_that_stands_again_is_told_to_whom_it_had_not_reached(
    heard_of_first: bool,
    group: Cast,
    client: httpx.AsyncClient,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
) -> None:
    cohort, _ = group
    await owner.execute("update cohort set state = 'open'")
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    await owner.execute("update cohort set state = 'started'")
    first = (await sessions_of(cohort))[1]
    address = f"/personal/traffar/{first.session_id}/flytta"
    back = f"/personal/grupper/{cohort.cohort_id}/andrat"
    form = {"fran": "13:00", "till": "15:00", "lokal": str(first.venue_id), "omfang": "en"}
    for sequence, day in enumerate(("2026-10-08", "2026-10-09")):
        clock.advance(minutes=5)
        assert (await post_form(client, address, {**form, "dag": day, "sedd": str(sequence)})).status_code == 303
        if heard_of_first and not sequence:
            await mail.work()
    clock.advance(minutes=5)
    change = hidden((await client.get(back)).text, "andring")
    assert (await post_form(client, back, {"andring": change})).status_code == 303
    await mail.work()
    letters = [text for text in mail.to("lisa@example.invalid") if "Du har en plats" not in text]
    # Nobody had heard of the second. Of the first everybody has, once.
    assert [("torsdag 8 oktober" in text, "fredag 9 oktober" in text) for text in letters] == [(True, False)], letters
    assert not any("gäller inte" in text for text in letters)


@pytest.mark.parametrize(
    ("number", "changes", "message"),
    [
        (3, {"dag": "2026-10-07"}, "Resten måste ligga efter den."),
        (3, {"dag": "2026-08-01"}, "Tiden har redan varit."),
        (3, {"dag": "2030-01-01"}, "Välj en dag inom två år."),
        (3, {"dag": "2027-03-28", "fran": "02:30"}, "2.30 finns inte: den läses som en timme senare."),
        (3, {"dag": "2026-10-25", "fran": "02:30"}, "2.30 kommer två gånger: den första gäller."),
        (3, {"fran": "15:00", "till": "14:00"}, "Sluttiden måste vara efter starttiden."),
        (3, {"fran": "06:00", "till": "20:00"}, "En träff är högst åtta timmar."),
        (3, {}, "Det är samma dag, tid och lokal som förut."),
        (3, {"lokal": "4711"}, "Välj en lokal."),
    ],
)
async def test_a_rest_that_cannot_be_is_refused_in_words(
    number: int, changes: dict[str, object], message: str, group: Cast, client: httpx.AsyncClient
) -> None:
    cohort, _ = group
    before = await sessions_of(cohort)
    session = before[number]
    address = f"/personal/traffar/{session.session_id}/flytta"
    answer = await post_form(client, address, form_of(session, omfang="resten", **changes))
    assert (answer.status_code, message in answer.text) == (422, True)
    assert await sessions_of(cohort) == before


async def test_another_room_for_the_rest_keeps_every_time_and_says_who_is_there(
    group: Cast, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, _ = group
    eken = await a_venue("Eken")
    await a_cohort("2.8", clock.now(), await a_leader(clock.now(), "love"), venue_id=eken, state="started")
    sessions = await sessions_of(cohort)
    address = f"/personal/traffar/{sessions[8].session_id}/flytta"
    last = f"/personal/traffar/{sessions[9].session_id}/flytta"
    one = await post_form(client, last, form_of(sessions[9], fran="07:00", till="07:45"))
    assert one.status_code == 303
    shown = await post_form(client, address, form_of(sessions[8], lokal=str(eken), omfang="resten"))
    assert shown.text.count("Krock: lokalen är bokad av ") == 1
    assert (await post_form(client, address, kept(shown.text))).status_code == 303
    after = await sessions_of(cohort)
    assert days(after[8:]) == ["25/11 09.00", "02/12 07.00"]
    assert [s.venue for s in after[8:]] == ["Eken", "Eken"]
    shares = "select shares_room from cohort_session where cohort_id = $1 order by starts_at"
    assert [row["shares_room"] for row in await owner.fetch(shares, cohort.cohort_id)][8:] == [True, False]


async def test_a_session_added_at_the_end_says_what_it_clashes_with_before_it_is_meant(
    group: Cast, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, robin = group
    await a_cohort("2.8", clock.now(), robin, first_in=timedelta(weeks=14), state="started", sessions=1)
    first = (await sessions_of(cohort))[0]
    address = f"/personal/traffar/{first.session_id}/stall-in"
    shown = (await client.get(address)).text
    assert "Krock: Robin har" in shown
    typed = {"sedan": "till", "sedd": "0", "nytt": hidden(shown, "nytt")}
    answer = await post_form(client, address, typed)
    assert (answer.status_code, answer.text.count("Krock: Robin har") > 0, "anda" in answer.text) == (422, True, True)
    assert (await post_form(client, address, typed | {"anda": box(answer.text)})).status_code == 303
    assert await owner.fetchval("select count(*) from session_duty where meant") == 1


async def test_somebody_else_leads_once_or_from_then_on_and_it_can_be_undone(
    group: Cast, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    cohort, robin = group
    love = await a_leader(clock.now(), "love")
    await a_cohort("2.8", clock.now(), love, first_in=timedelta(weeks=4), state="started", sessions=1)
    sessions = await sessions_of(cohort)
    back = f"/personal/grupper/{cohort.cohort_id}/andrat"

    async def standing() -> list[tuple[str, ...]]:
        rows = await owner.fetch(
            """select array_agg(t.display_name order by t.display_name) as names from cohort_session s
               join session_duty d on d.session_id = s.id and not d.away join staff t on t.id = d.staff_id
               where s.cohort_id = $1 group by s.id order by s.starts_at""",
            cohort.cohort_id,
        )
        return [tuple(row["names"]) for row in rows]

    async def change(number: int, scope: str, **more: str) -> httpx.Response:
        session = (await sessions_of(cohort))[number]
        form = {"ut": robin.staff_id, "vem": love.staff_id, "omfang": scope, "sedd": session.sequence}
        return await post_form(client, f"/personal/traffar/{session.session_id}/ledare", {**form, **more})

    # The first session is when Love leads another one.
    answer = await change(0, "en")
    assert (answer.status_code, "Krock: Love har" in answer.text) == (422, True)
    assert (await change(0, "en", anda=box(answer.text))).status_code == 303
    assert await standing() == [("Love",), *[("Robin",)] * 9]
    done = (await client.get(back)).text
    assert "Deltagarna får inget besked" in done
    assert await owner.fetchval("select count(*) from pgqueuer") == 0
    assert (await post_form(client, back, {"andring": hidden(done, "andring")})).status_code == 303
    assert await standing() == [("Robin",)] * 10
    assert await owner.fetchval("select count(*) from cohort_staff where cohort_id = $1", cohort.cohort_id) == 1
    # From the fourth on, while somebody else's form is older than that.
    assert (await change(3, "resten")).status_code == 303
    assert await standing() == [*[("Robin",)] * 3, *[("Love",)] * 7]
    assert (await change(4, "resten")).status_code == 422
    form = {"ut": robin.staff_id, "vem": love.staff_id, "omfang": "en", "sedd": "7"}
    assert (await post_form(client, f"/personal/traffar/{sessions[1].session_id}/ledare", form)).status_code == 409
    for leader, found in (("love", 7), ("robin", 3)):
        await sign_in_as(client, leader, clock.now())
        shown = (await client.get(f"/personal/grupper/{cohort.cohort_id}/traffar")).text
        assert "Byt ledare" not in shown
        assert (await client.get(f"/personal/traffar/{sessions[1].session_id}/ledare")).status_code == 403
        names = [name for names in await standing() for name in names]
        assert names.count(leader.capitalize()) == found
    # Who only leads can't undo what the coordinator decided about who leads.
    assert 'name="andring"' not in (await client.get(back)).text
    change_id = await owner.fetchval("select max(id) from session_change")
    stop = f"/personal/traffar/{sessions[1].session_id}/stall-in"
    assert (await post_form(client, back, {"andring": str(change_id)}, stop)).status_code == 403
    await sign_in_as(client, "kim", clock.now())
    assert (await post_form(client, back, {"andring": str(change_id)}, stop)).status_code == 303
    assert await standing() == [("Robin",)] * 10


async def test_what_stands_in_the_way_of_moving_the_rest_when_it_is_saved_is_said(
    group: Cast, client: httpx.AsyncClient, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort, _ = group
    before = await sessions_of(cohort)
    address = f"/personal/traffar/{before[6].session_id}/flytta"
    shown = await post_form(client, address, form_of(before[6], dag="2026-11-12", omfang="resten"))

    async def refused(*_args: object) -> list[Reason]:
        return [Reason("past", "dag")]

    monkeypatch.setattr(rest_services, "move_rest", refused)
    answer = await post_form(client, address, kept(shown.text))
    assert (answer.status_code, "Tiden har redan varit." in answer.text) == (422, True)
