"""Jag är sjuk: cancelling in one tap, with everybody told; or somebody who is qualified and free stands in."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest

from programmes import worker
from programmes.calendar import services as calendar
from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohorts
from programmes.cohorts import session_services
from programmes.cohorts.queries import CohortFacts
from programmes.core.db import transaction
from programmes.core.errors import Conflict, NotFound
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.illness import substitute_queries
from programmes.desk.illness import substitute_services as substitutes
from programmes.desk.illness.substitute_rules import stand_sign
from programmes.enrolment import queries as enrolments
from programmes.enrolment import services as enrolment
from programmes.people.records import PersonRecord
from tests.attendance.cast import a_running, session_ids
from tests.clock import FrozenClock
from tests.cohorts.cast import a_coordinator, a_leader, a_staff_member, sign_in_as
from tests.factories import a_cohort, an_application, csrf_of, hidden, post_form, somebody
from tests.notices.mail import Mail

PHONE = "+46700000001"
# Half past four in the municipality, for a session at five.
HALF_PAST_FOUR = datetime(2026, 9, 2, 14, 30, tzinfo=UTC)
SOON = timedelta(minutes=30)


async def look(client: httpx.AsyncClient, address: str) -> str:
    answer = await client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return re.sub(r"\s+", " ", answer.text)


async def with_mail(owner: asyncpg.Connection, *names: str) -> None:
    for name in names:
        await owner.execute("update staff set email = $2 where username = $1", name, f"{name}@kommun.example")


@pytest.fixture
def mail(the_worker: worker.Worker, tmp_path: Path) -> Mail:
    folder = tmp_path / "mail"
    return Mail(replace(the_worker, settings=replace(the_worker.settings, mail_url=f"folder://{folder}")), folder)


@dataclass
class House:
    """Robin's group of 2.1 with a session in half an hour, Kim who coordinates, and who else leads what."""

    cohort: CohortFacts
    session: int
    robin: Principal
    kim: Principal
    love: Principal
    sam: Principal

    @property
    def page(self) -> str:
        return f"/personal/traffar/{self.session}"


@pytest.fixture
async def house(db: None, clock: FrozenClock, owner: asyncpg.Connection) -> House:
    clock.set(HALF_PAST_FOUR)
    now = clock.now()
    robin, kim = await a_leader(now), await a_coordinator(now)
    love, sam = await a_leader(now, "love"), await a_staff_member("sam", "leader", now, "2.1")
    # Who is not asked: busy, of another programme, without an account, only a coordinator.
    busy = await a_leader(now, "busy")
    await a_cohort("2.8", now, busy, first_in=SOON + timedelta(hours=1))
    await a_staff_member("other", "leader", now, "2.7")
    await a_leader(now, "gone")
    await owner.execute("update staff set active = false where username = 'gone'")
    await with_mail(owner, "robin", "kim", "love", "sam", "busy")
    cohort = await a_cohort("2.1", now, robin, first_in=SOON)
    return House(cohort, (await session_ids(cohort))[0], robin, kim, love, sam)


async def ask(house: House, now: datetime, *asked: Principal, by: Principal | None = None) -> None:
    who = by or house.robin
    await substitutes.ask(house.session, house.robin.staff_id, [one.staff_id for one in asked], who, now)


async def shown_to_stand(*sessions: int) -> list[str]:
    """What a page of illness says of who comes to each session, as it sends it."""
    return [stand_sign(session, there) for session, there in (await substitute_queries.stand_at(sessions)).items()]


async def request_to(owner: asyncpg.Connection, who: Principal) -> int:
    found: int = await owner.fetchval(
        "select id from substitute_request where asked_id = $1 order by id desc limit 1", who.staff_id
    )
    return found


async def standing(owner: asyncpg.Connection, session: int) -> dict[str, bool]:
    """Who is to stand at a session: name and whether they are away."""
    rows = await owner.fetch(
        "select username, away from session_duty d join staff s on s.id = d.staff_id where session_id = $1", session
    )
    return {row["username"]: row["away"] for row in rows}


async def test_at_half_past_four_one_tap_cancels_the_session_at_five_and_all_are_told(
    house: House, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, mail: Mail, owner: asyncpg.Connection
) -> None:
    for name, contact in (("Mejl", "mejl@example.invalid"), ("Ek", PHONE), ("Tyst", "")):
        await somebody(house.cohort, keys, clock.now(), name, contact)
    await mail.work()
    await sign_in_as(client, "robin", clock.now())
    assert f'href="{house.page}/sjuk">Jag är sjuk' in await look(client, "/personal/idag")
    for address in (f"/personal/grupper/{house.cohort.cohort_id}", f"/personal/grupper/{house.cohort.cohort_id}/traffar"):
        assert f'href="{house.page}/sjuk"' in await look(client, address)
    assert (await client.get("/personal/sjuk")).headers["location"] == f"{house.page}/sjuk"
    page = await look(client, f"{house.page}/sjuk")
    assert "1 får e-post, 1 ska ni ringa och 1 ser det bara på Min plats." in page
    for said in ("1 med e-postadress", "1 som inte nås med besked", "1 utan kontaktväg", "Ni ringer", "E-post, och på Idag"):
        assert said in page, said
    assert "Mejl" not in page
    # Half an hour before there is no time to wait: the filled button cancels, and those who could are there to ask.
    assert re.search(r'class="btn btn--big btn--main">Ställ in och säg till alla nu', page)
    assert [name for name in ("Love", "Sam", "Busy", "Other", "Gone", "Kim") if f">{name}<" in page] == ["Love", "Sam"]
    # The one tap: the form as it stands, nothing filled in.
    form = {n: hidden(page, n) for n in ("sedd", "nytt")} | {"sedan": "till", "_csrf_token": csrf_of(page)}
    answers = await asyncio.gather(*(client.post(f"{house.page}/sjuk", data=form) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [303, 303]
    assert f"{house.page}/besked" in {answer.headers.get("location") for answer in answers}
    # Everybody stands there at once, before the worker has done anything.
    page = await look(client, f"{house.page}/besked")
    assert "0 av 3 är nådda. Till 1 är beskedet på väg. 1 behöver ni nå själva. 1 ser det bara på Min plats." in page
    assert page.count('name="svar" value="nadd"') == 2
    await mail.work()
    [told] = [text for text in mail.to("mejl@example.invalid") if "inställt" in text]
    assert "17.00" in told
    assert "Ett nytt möte är tillagt sist" in told
    [coordinator] = mail.to("kim@kommun.example")
    assert "onsdag 2 september 17.00–19.00 är inställt" in coordinator
    assert not [word for word in ("sjuk", "ABC", house.cohort.name, "Robin") if word in coordinator]
    assert mail.to("robin@kommun.example") == []
    assert "1 av 3 är nådd." in await look(client, f"{house.page}/besked")
    # Done again by the job it is told once, and a page from before refuses in words.
    assert await owner.fetchval("select count(*) from notice where kind = 'session_cancelled'") == 3
    page = await look(client, f"{house.page}/sjuk")
    assert "Träffen är redan inställd." in page
    assert "Ställ in och säg till" not in page
    assert len([s for s in await cohorts.sessions(house.cohort.cohort_id) if s.number]) == 10
    # No row says that anybody is ill: the session is off, that is all.
    assert await owner.fetchval("select count(*) from session_duty where away") == 0
    # Well again all the same, before it begins: who had heard hears of that.
    group = f"/personal/grupper/{house.cohort.cohort_id}"
    assert f'href="{group}/andrat">Kan du komma ändå? Ångra senast 17.00' in await look(client, f"{house.page}/besked")
    change = hidden(await look(client, f"{group}/andrat"), "andring")
    assert (await post_form(client, f"{group}/andrat", {"andring": change})).status_code == 303
    await mail.work()
    assert len(mail.to("mejl@example.invalid")) == 3
    assert (await client.get(f"{house.page}/besked")).headers["location"] == f"{group}/traffar"


async def test_several_are_cancelled_at_once_or_none_and_only_ones_own(
    house: House, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    tomorrow = await a_cohort("2.8", clock.now(), house.robin, first_in=timedelta(hours=20))
    other = (await session_ids(tomorrow))[0]
    theirs = (await session_ids(await a_cohort("2.8", clock.now(), house.love, first_in=timedelta(hours=22))))[0]
    await sign_in_as(client, "robin", clock.now())
    page = await look(client, f"{house.page}/sjuk")
    assert f'name="aven" value="{other}/0"' in page
    assert f'"{theirs}/0"' not in page
    form = {"sedd": "0", "nytt": hidden(page, "nytt"), "sedan": "till", "_csrf_token": csrf_of(page)}
    cancelled = "select count(*) from cohort_session where state = 'cancelled'"
    for wrong, status in ((f"{theirs}/0", 404), (f"{other}/7", 409), ("x/y", 404), ("2147483648/0", 404)):
        answer = await client.post(f"{house.page}/sjuk", data={**form, "aven": wrong})
        assert (answer.status_code, await owner.fetchval(cancelled)) == (status, 0), wrong
    # The last session that is left can't go without another one: then nothing goes.
    await owner.execute("delete from cohort_session where cohort_id = $1 and id <> $2", tomorrow.cohort_id, other)
    refused = await client.post(f"{house.page}/sjuk", data={**form, "sedan": "inte", "aven": f"{other}/0"})
    assert (refused.status_code, await owner.fetchval(cancelled)) == (422, 0)
    assert "Det är den sista träffen som är kvar." in refused.text
    assert (await client.post(f"{house.page}/sjuk", data={**form, "aven": [f"{other}/0"] * 2})).status_code == 303
    assert await owner.fetchval(cancelled) == 2
    # What has been is over, and somebody else's is not there.
    clock.advance(hours=3)
    await owner.execute("update cohort_session set state = 'planned', number = 40 where id = $1", house.session)
    await sign_in_as(client, "robin", clock.now())
    assert "Tiden har varit." in await look(client, f"{house.page}/sjuk")
    over = await client.post(f"{house.page}/sjuk", data={**form, "sedd": "1"})
    assert (over.status_code, "Tiden har varit" in over.text) == (409, True)
    await sign_in_as(client, "love", clock.now())
    for address in (f"{house.page}/sjuk", f"{house.page}/besked"):
        assert (await client.get(address)).status_code == 404
    for address in ("sjuk", "vikarie"):
        answer = await client.post(f"{house.page}/{address}", data={**form, "gor": "fraga", "fraga": "1", "vem": "1"})
        assert answer.status_code == 404
    await a_leader(clock.now(), "ny")
    await sign_in_as(client, "ny", clock.now())
    assert "Du leder inget framöver" in await look(client, "/personal/sjuk")


async def test_of_several_in_one_group_each_message_names_what_makes_up_for_its_own_and_all_are_undone_at_once(
    house: House, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, mail: Mail
) -> None:
    await somebody(house.cohort, keys, clock.now(), "Mejl", "mejl@example.invalid")
    second = (await session_ids(house.cohort))[1]
    await sign_in_as(client, "robin", clock.now())
    page = await look(client, f"{house.page}/sjuk")
    form = {"sedd": "0", "nytt": hidden(page, "nytt"), "sedan": "till", "aven": [f"{second}/0"]}
    form["_csrf_token"] = csrf_of(page)
    assert (await client.post(f"{house.page}/sjuk", data=form)).status_code == 303
    added = [s for s in await cohorts.sessions(house.cohort.cohort_id) if s.added]
    assert {s.makes_up_for for s in added} == {house.session, second}
    await mail.work()
    letters = [text for text in mail.to("mejl@example.invalid") if "inställt" in text]
    named = [re.findall(r"tillagt sist: ([^.]+)\.", re.sub(r"=?\s+", " ", text))[0] for text in letters]
    assert len(set(named)) == 2
    # One tap cancelled both, and one brings both back.
    offers = [
        "Kan du komma ändå?" in await look(client, f"/personal/traffar/{one}/besked") for one in (house.session, second)
    ]
    assert offers == [True, True]


async def feed(client: httpx.AsyncClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200
    return answer.text


async def test_who_says_yes_first_stands_in_and_calendars_and_access_follow(
    house: House, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, mail: Mail, owner: asyncpg.Connection
) -> None:
    taken = await somebody(house.cohort, keys, clock.now(), "Mejl", "mejl@example.invalid")
    await mail.work()
    async with transaction():
        participant = await calendar.participant_feed(taken.enrolment_id, keys, clock.now())
        own = {name: await calendar.leader_feed(who.staff_id, keys, clock.now())
               for name, who in (("robin", house.robin), ("love", house.love))}  # fmt: skip
    assert participant
    paths = {name: calendar.feed_address(found, keys) for name, found in own.items()}
    theirs = calendar.feed_address(participant, keys)
    before = await feed(client, theirs)
    assert (await feed(client, paths["robin"])).count("BEGIN:VEVENT") == 10
    await sign_in_as(client, "robin", clock.now())
    form = {"gor": "fraga", "vem": house.robin.staff_id, "fraga": [house.love.staff_id, house.sam.staff_id]}
    assert (await post_form(client, f"{house.page}/vikarie", {**form, "fraga": []}, f"{house.page}/sjuk")).status_code == 422
    answer = await post_form(client, f"{house.page}/vikarie", form, f"{house.page}/sjuk")
    assert answer.headers["location"] == f"{house.page}/sjuk?vem={house.robin.staff_id}"
    page = await look(client, answer.headers["location"])
    assert "Har ingen sagt ja onsdag 2 september 16.45 säger vi till dig." in page
    assert page.count("Har inte svarat") == 2
    await mail.work()
    [asked] = mail.to("love@kommun.example")
    assert "Kan du hoppa in onsdag 2 september 17.00–19.00?" in asked
    assert not [word for word in (house.cohort.name, "ABC", "Robin", "sjuk") if word in asked]
    # On Idag of whoever was asked and of the coordinator; nobody else's.
    request = await request_to(owner, house.love)
    await sign_in_as(client, "love", clock.now())
    assert f'href="/personal/vikariat/{request}">Kan du hoppa in onsdag 2 september 17.00?' in await look(
        client, "/personal/idag"
    )
    page = await look(client, f"/personal/vikariat/{request}")
    assert "Robin kan inte komma." in page
    assert house.cohort.name not in page
    await sign_in_as(client, "sam", clock.now())
    assert (await client.get(f"/personal/vikariat/{request}")).status_code == 404
    assert (await post_form(client, f"/personal/vikariat/{request}", {"svar": "ja"}, "/personal/idag")).status_code == 404
    await sign_in_as(client, "kim", clock.now())
    assert "Vikarie saknas i" in await look(client, "/personal/idag")
    assert "Gruppledaren är sjuk" in await look(client, f"{house.page}/sjuk")
    # Yes: access, a place at this session alone, the absent one away.
    await sign_in_as(client, "love", clock.now())
    group = f"/personal/grupper/{house.cohort.cohort_id}"
    assert (await client.get(group)).status_code == 404
    mine = f"/personal/vikariat/{request}"
    assert (await post_form(client, mine, {"svar": "kanske"})).status_code == 404
    token = csrf_of((await client.get(mine)).text)
    for _ in range(2):
        assert (await client.post(mine, data={"svar": "ja", "_csrf_token": token})).status_code == 303
    assert "du kommer åt gruppen till och med onsdag 2 september" in await look(client, mine)
    assert (await client.get(group)).status_code == 200
    assert await standing(owner, house.session) == {"robin": True, "love": False}
    second = (await session_ids(house.cohort))[1]
    assert await standing(owner, second) == {"robin": False}
    assert await owner.fetchval("select until from cohort_staff where role = 'substitute'") == date(2026, 9, 2)
    page = await look(client, "/personal/idag")
    assert house.page in page
    assert "Kan du hoppa in" not in page
    # Calendars of those who lead are corrected; participants' stay byte for byte, and they are told nothing.
    assert (await feed(client, paths["robin"])).count("BEGIN:VEVENT") == 9
    assert (await feed(client, paths["love"])).count("BEGIN:VEVENT") == 1
    assert await feed(client, theirs) == before
    await mail.work()
    assert await owner.fetchval("select count(*) from notice where kind like 'session_%'") == 0
    for name, said in (("robin", "Någon hoppar in"), ("kim", "Någon hoppar in"), ("sam", "Du behöver inte hoppa in")):
        assert len([text for text in mail.to(f"{name}@kommun.example") if said in text]) == 1, name
    # Who comes second is told in words, and gets nothing.
    late = await request_to(owner, house.sam)
    await sign_in_as(client, "sam", clock.now())
    assert "Någon annan hann före" in await look(client, f"/personal/vikariat/{late}")
    refused = await post_form(client, f"/personal/vikariat/{late}", {"svar": "ja"}, "/personal/idag")
    assert (refused.status_code, "Någon annan hann före" in refused.text) == (409, True)
    assert (await client.get(group)).status_code == 404
    await sign_in_as(client, "kim", clock.now())
    page = await look(client, f"{house.page}/sjuk")
    assert "Love hoppar in" in page
    assert "Vikarie saknas i" not in await look(client, "/personal/idag")
    # When the day is over so is the access.
    clock.set(datetime(2026, 9, 3, 6, tzinfo=UTC))
    await sign_in_as(client, "love", clock.now())
    assert (await client.get(group)).status_code == 404


async def test_of_two_who_say_yes_at_once_one_gets_it(
    house: House, clock: FrozenClock, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def both() -> tuple[list[object], int]:
        await owner.execute("delete from substitute_request; delete from cohort_staff where role = 'substitute'")
        await owner.execute("update session_duty set away = false")
        await ask(house, clock.now(), house.love, house.sam)
        said = [(await request_to(owner, who), who) for who in (house.love, house.sam)]
        answers = await asyncio.gather(
            *(substitutes.answer(number, True, who, clock.now()) for number, who in said), return_exceptions=True
        )
        return list(answers), await owner.fetchval("select count(*) from session_duty where given")

    for _ in range(5):
        answers, stand = await both()
        assert sorted(map(str, answers)) == ["None", "taken"]
        assert stand == 1
    # The control: without the lock the index still lets one of them through; without both, two stand there.
    unlocked: Callable[[int], Awaitable[CohortFacts]] = cohorts.by_id
    monkeypatch.setattr(cohorts, "locked", unlocked)
    for _ in range(10):
        answers, stand = await both()
        assert sum(answer is None for answer in answers) == stand == 1, answers
    index = await owner.fetchval("select indexdef from pg_indexes where indexname = 'one_substitute_for_each_absence'")
    await owner.execute("drop index one_substitute_for_each_absence")
    try:
        assert 2 in [(await both())[1] for _ in range(20)]
    finally:
        await owner.execute("delete from substitute_request")
        await owner.execute(index)


async def test_nobody_in_time_all_say_no_and_somebody_who_is_well_again(
    house: House, client: httpx.AsyncClient, clock: FrozenClock, mail: Mail, owner: asyncpg.Connection
) -> None:
    await ask(house, clock.now(), house.love, house.sam)
    await ask(house, clock.now(), house.love, by=house.kim)
    assert await owner.fetchval("select count(*) from substitute_request") == 2
    clock.advance(minutes=14)
    await mail.work()
    said = "Ingen har sagt ja"
    assert not [text for text in mail.to("robin@kommun.example") if said in text]
    clock.advance(minutes=1)
    for _ in range(2):
        await mail.work()
    for name in ("robin", "kim"):
        assert len([text for text in mail.to(f"{name}@kommun.example") if said in text]) == 1, name
    await sign_in_as(client, "robin", clock.now())
    page = await look(client, f"{house.page}/sjuk")
    assert "Ingen har sagt ja i tid. Ställ in nu" in page
    assert 'class="btn btn--big btn--main">Ställ in' in page
    assert "Ingen har sagt ja. Ställ in, eller fråga någon annan." in await look(client, "/personal/idag")
    # A no, and a late yes that still counts; then well again, which sends the substitute home.
    assert await substitutes.answer(await request_to(owner, house.sam), False, house.sam, clock.now()) is None
    assert await substitutes.answer(await request_to(owner, house.love), True, house.love, clock.now()) is None
    await post_form(client, f"{house.page}/vikarie", {"gor": "frisk", "vem": house.robin.staff_id}, f"{house.page}/sjuk")
    assert await standing(owner, house.session) == {"robin": False}
    assert await owner.fetchval("select count(*) from cohort_staff where role = 'substitute'") == 0
    await mail.work()
    assert "Du behöver inte hoppa in" in mail.to("love@kommun.example")[-1] + mail.to("love@kommun.example")[0]
    page = await look(client, f"{house.page}/sjuk")
    assert page.count("Frågan är återtagen") == 2
    assert "Vikarie saknas" not in await look(client, "/personal/idag")
    # Who has no address is to be rung: nothing else tells them.
    assert "ring och säg det" not in page
    await owner.execute("update staff set email = null where username = 'love'")
    assert "Har ingen e-postadress här: ring och säg det." in await look(client, f"{house.page}/sjuk")
    await owner.execute("update staff set email = 'love@kommun.example' where username = 'love'")
    # Asked again, and all say no: it is told at once. Taken back before anybody has answered, nobody has to.
    clock.advance(minutes=1)
    await ask(house, clock.now(), house.sam)
    assert await substitutes.answer(await request_to(owner, house.sam), False, house.sam, clock.now()) is None
    await mail.work()
    assert len([text for text in mail.to("kim@kommun.example") if said in text]) == 2
    await ask(house, clock.now(), house.love)
    await substitutes.comes_after_all(house.session, house.robin.staff_id, house.robin, clock.now())
    await substitutes.comes_after_all(house.session, house.robin.staff_id, house.robin, clock.now())
    assert await substitutes.answer(await request_to(owner, house.love), True, house.love, clock.now()) == "withdrawn"
    # The form that somebody has in an old tab asks nobody who isn't free, and says so.
    with pytest.raises(Conflict, match="not_free"):
        await ask(house, clock.now(), house.kim)
    with pytest.raises(NotFound):
        await substitutes.ask(house.session, house.sam.staff_id, [house.love.staff_id], house.robin, clock.now())


async def test_what_has_changed_since_somebody_was_asked_is_said_when_they_answer(
    house: House, clock: FrozenClock, mail: Mail, owner: asyncpg.Connection
) -> None:
    async def asked(yes: bool = True) -> object:
        return await substitutes.answer(await request_to(owner, house.love), yes, house.love, clock.now())

    await ask(house, clock.now(), house.love)
    await owner.execute("update staff_role set role = 'manager' where staff_id = $1", house.love.staff_id)
    assert await asked() == "no_role"
    await owner.execute("update staff_role set role = 'leader' where staff_id = $1", house.love.staff_id)
    # Busy by now: the rule says so, and what it can't see the database refuses.
    theirs = await a_cohort("2.8", clock.now(), first_in=SOON)
    meets = (await session_ids(theirs))[0]
    await owner.execute("insert into cohort_staff (cohort_id, staff_id, role) values ($1, $2, 'leader')", theirs.cohort_id,
                        house.love.staff_id)  # fmt: skip
    assert await asked() == "elsewhere"
    # Ill too: asked, and not able to.
    await owner.execute("update session_duty set away = true where session_id = $1", meets)
    assert await asked() == "ill"
    await owner.execute("delete from cohort_staff where cohort_id = $1", theirs.cohort_id)
    # Moved within the day: the question is about something that is no longer so, and is asked again.
    await mail.work()
    session = (await cohorts.sessions(house.cohort.cohort_id))[0]
    hour = timedelta(hours=1)
    assert not await session_services.move_session(
        house.session, session.starts_at + hour, session.ends_at + hour, session.venue_id, house.robin, clock.now()
    )
    assert await asked() == "session_moved"
    await mail.work()
    assert len([text for text in mail.to("love@kommun.example") if "Kan du hoppa in onsdag 2 september 18.00" in text]) == 1
    # Said yes, then moved within the day: they hear the new time. Then they can't come themselves: another one is asked.
    clock.advance(minutes=1)
    await ask(house, clock.now(), house.love)
    assert await asked() is None
    assert not await session_services.move_session(
        house.session, session.starts_at + 2 * hour, session.ends_at + 2 * hour, session.venue_id, house.robin, clock.now()
    )
    await mail.work()
    there = [" ".join(text.split()) for text in mail.to("love@kommun.example")]
    assert [text for text in there if "ny tid eller plats: onsdag 2 september 19.00" in text]
    await substitutes.ask(house.session, house.love.staff_id, [house.sam.staff_id], house.love, clock.now())
    assert await substitutes.answer(await request_to(owner, house.sam), True, house.sam, clock.now()) is None
    assert await standing(owner, house.session) == {"robin": True, "love": True, "sam": False}
    await mail.work()
    assert not [text for text in mail.to("love@kommun.example") if "behöver inte" in text and "19.00" in text]
    # Cancelled from any page: who was to stand in hears of it.
    clock.advance(minutes=1)
    assert not await session_services.cancel_session(house.session, False, house.kim, clock.now())
    await mail.work()
    assert [text for text in mail.to("sam@kommun.example") if "Du behöver inte hoppa in" in text]
    with pytest.raises(Conflict, match="session_over"):
        await ask(house, clock.now(), house.love)


async def test_two_who_lead_together_one_ill_and_then_both(
    house: House, client: httpx.AsyncClient, clock: FrozenClock, mail: Mail, owner: asyncpg.Connection
) -> None:
    await owner.execute("insert into cohort_staff (cohort_id, staff_id, role) values ($1, $2, 'leader')",
                        house.cohort.cohort_id, house.love.staff_id)  # fmt: skip
    await sign_in_as(client, "robin", clock.now())
    assert "Love håller i det" in await look(client, f"{house.page}/sjuk")
    form: dict[str, object] = {"gor": "ensam", "vem": house.robin.staff_id}
    for _ in range(2):
        assert (await post_form(client, f"{house.page}/vikarie", form, f"{house.page}/sjuk")).status_code == 303
    assert await standing(owner, house.session) == {"robin": True, "love": False}
    page = await look(client, f"{house.page}/sjuk")
    assert "Love håller i det" in page
    assert "Jag kommer ändå" in page
    await mail.work()
    assert len(mail.to("love@kommun.example")) == len(mail.to("kim@kommun.example")) == 1
    # The other one too: nobody is left to leave it to.
    with pytest.raises(Conflict, match="nobody_left"):
        await substitutes.hold_without(house.session, house.love.staff_id, house.love, clock.now())
    await substitutes.ask(house.session, house.love.staff_id, [house.sam.staff_id], house.love, clock.now())
    assert await substitutes.answer(await request_to(owner, house.sam), True, house.sam, clock.now()) is None
    assert await standing(owner, house.session) == {"robin": True, "love": True, "sam": False}
    # For somebody else, by telephone: the coordinator says who of them it is.
    await substitutes.comes_after_all(house.session, house.love.staff_id, house.kim, clock.now())
    await sign_in_as(client, "kim", clock.now())
    page = await look(client, f"{house.page}/sjuk?vem={house.love.staff_id}")
    assert "Vem kan inte komma?" in page
    assert f'<option value="{house.love.staff_id}" selected>' in page


@pytest.mark.parametrize("section", ["3.1", "2.14", "2.15"])
async def test_an_open_house_a_series_of_talks_and_a_group_of_children(
    section: str, house: House, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, mail: Mail,
    owner: asyncpg.Connection,
) -> None:  # fmt: skip
    names = () if section == "3.1" else ("Anna Ask",) if section == "2.14" else ("Al", "Bok")
    cohort, _people = await a_running(section, clock, keys, house.robin, names)
    if section == "3.1":
        await owner.execute("update cohort set state = 'open' where id = $1", cohort.cohort_id)
    session = (await session_ids(cohort))[1]
    clock.advance(days=6)
    # Nobody else may lead this one.
    await owner.execute(
        "update staff_role set section = '2.2' where staff_id <> $1 and role = 'leader'", house.robin.staff_id
    )
    await sign_in_as(client, "robin", clock.now())
    page = await look(client, f"/personal/traffar/{session}/sjuk")
    assert "Ingen annan som får leda insatsen är ledig då." in page
    # Of an open house nobody is told: nobody knows who meant to come.
    button = "Ställ in nu" if section == "3.1" else "Ställ in och säg till alla nu"
    assert f'class="btn btn--big btn--main">{button}' in page
    form: dict[str, object] = {"sedd": hidden(page, "sedd")}
    if section != "3.1":
        # The time that would come at the end is taken by another group of the leader's: said before, and not added.
        assert "Ingen ny läggs till: den tid som står på tur krockar. Under Ändra kan du lägga till den ändå." in page
        assert "Krock: Robin har" in page
        assert re.search(r'value="inte" checked', page)
        refused = await post_form(
            client, f"/personal/traffar/{session}/sjuk", {**form, "sedan": "till", "nytt": hidden(page, "nytt")}
        )
        assert (refused.status_code, "Krock: Robin har" in refused.text) == (422, True)
        assert 'name="anda"' in refused.text
        form["sedan"] = "inte"
    answer = await post_form(client, f"/personal/traffar/{session}/sjuk", form)
    assert answer.status_code == 303
    await mail.work()
    page = await look(client, answer.headers["location"])
    found = await cohorts.sessions(cohort.cohort_id)
    if section == "3.1":
        assert "Vi vet inte vilka som tänkte komma" in page
        assert len(found) == 4
        public = await look(client, f"/insatser/{cohort.slug}")
        assert "Inställt" in public
        address = calendar.feed_address(
            await calendar.cohort_feed(cohort.cohort_id, house.robin.staff_id, keys, clock.now()), keys
        )
        assert (await feed(client, address)).count("STATUS:CANCELLED") == 1
        return
    assert len([s for s in found if s.number]) == 3
    assert all(name in page for name in names)
    looks = await owner.fetchval("select count(*) from record_look where page = 'ring'")
    assert looks == (1 if section == "2.14" else 0)
    assert [e.state for e in await enrolments.enrolments(cohort.cohort_id, ["confirmed"])] == ["confirmed"] * len(names)


async def test_a_mail_that_can_not_go_is_tried_again_and_old_ones_are_forgotten(
    house: House, clock: FrozenClock, mail: Mail, owner: asyncpg.Connection
) -> None:
    away = Mail(replace(mail.worker, settings=replace(mail.worker.settings, mail_url="smtp://127.0.0.1:1")), mail.folder)
    await ask(house, clock.now(), house.love)
    await away.work()
    assert await owner.fetchval("select failures from staff_message") == 1
    await mail.work()
    assert mail.to("love@kommun.example") == []
    clock.advance(minutes=1)
    await mail.work()
    assert len(mail.to("love@kommun.example")) == 1
    # What is no longer asked is not sent.
    await ask(house, clock.now(), house.sam)
    assert await substitutes.answer(await request_to(owner, house.sam), False, house.sam, clock.now()) is None
    await mail.work()
    assert mail.to("sam@kommun.example") == []
    states = "select state from staff_message where kind = 'asked' order by created_at"
    assert [row["state"] for row in await owner.fetch(states)] == ["sent", "outrun"]
    # Nor what was cancelled and brought back before the mail went.
    await owner.execute(
        """insert into staff_message (id, staff_id, session_id, kind, state, created_at)
           values (gen_random_uuid(), $1, $2, 'cancelled', 'waiting', $3)""",
        house.kim.staff_id,
        house.session,
        clock.now(),
    )
    await mail.work()
    assert not [text for text in mail.to("kim@kommun.example") if "inställt" in text]
    clock.advance(days=31)
    await mail.work()
    assert await owner.fetchval("select count(*) from staff_message") == 0


async def test_one_whose_time_at_the_end_is_taken_is_added_all_the_same_with_a_tick_that_says_so(
    house: House, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    # Of another group of the same leader, the same hours.
    theirs = (await session_ids(await a_cohort("2.8", clock.now(), house.robin, first_in=timedelta(days=2))))[-1]
    added = await session_services.slot_at_end(house.cohort)
    assert added
    hours = "update cohort_session set starts_at = $2, ends_at = $3 where id = $1"
    await owner.execute(hours, theirs, added.starts_at, added.ends_at)
    await sign_in_as(client, "robin", clock.now())
    address = f"{house.page}/sjuk"
    page = await look(client, address)
    shown = {"sedd": "0", "nytt": hidden(page, "nytt"), "sedan": "till"}
    refused = await post_form(client, address, shown)
    assert (refused.status_code, "Krock: Robin har" in refused.text) == (422, True)
    tick = re.findall(r'name="anda" value="([^"]+)"', page)
    assert tick == re.findall(r'name="anda" value="([^"]+)"', refused.text)
    # A tick that answers something else is no answer to this.
    assert (await post_form(client, address, {**shown, "anda": "0123456789ab"})).status_code == 422
    assert (await post_form(client, address, {**shown, "anda": tick[0]})).status_code == 303
    found = await cohorts.sessions(house.cohort.cohort_id)
    assert [s.makes_up_for for s in found if s.added] == [house.session]


async def test_who_may_not_be_written_to_before_it_begins_is_to_be_rung_and_that_is_known_before(
    house: House, client: httpx.AsyncClient, clock: FrozenClock, keys: KeyFolder, mail: Mail
) -> None:
    cohort = await a_cohort("2.8", clock.now(), house.robin, first_in=timedelta(hours=3))
    programme = await catalogue.programme(cohort.programme_id)
    for name, avoid in (("Anna Ask", "efter 16"), ("Bo Bok", ""), ("Cia Ceder", "efter 22")):
        record = PersonRecord(name, "1985-02-14", "", f"{name[:2].lower()}@example.invalid", ("email",), avoid)
        application = replace(await an_application(cohort), record=record)
        assert isinstance(await enrolment.apply(application, programme, keys, clock.now()), enrolment.Taken)
    session = (await session_ids(cohort))[0]
    await sign_in_as(client, "robin", clock.now())
    page = await look(client, f"/personal/traffar/{session}/sjuk")
    assert "2 får e-post och 1 ska ni ringa." in page
    form: dict[str, object] = {"sedd": "0", "sedan": "till", "nytt": hidden(page, "nytt")}
    assert (await post_form(client, f"/personal/traffar/{session}/sjuk", form)).status_code == 303
    await mail.work()
    page = await look(client, f"/personal/traffar/{session}/besked")
    assert "2 av 3 är nådda. 1 behöver ni nå själva." in page
    assert "Det hade kommit fram under tider att undvika, eller för sent efter dem." in page


async def test_who_has_stood_in_before_keeps_what_they_stood_at_and_gets_no_more_than_this(
    house: House, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await owner.execute(
        "insert into cohort_staff (cohort_id, staff_id, role, until) values ($1, $2, 'substitute', $3)",
        house.cohort.cohort_id,
        house.love.staff_id,
        date(2026, 9, 2),
    )
    first, second, third = (await session_ids(house.cohort))[:3]
    clock.advance(days=7)
    await substitutes.ask(second, house.robin.staff_id, [house.love.staff_id], house.robin, clock.now())
    assert await substitutes.answer(await request_to(owner, house.love), True, house.love, clock.now()) is None
    assert [await standing(owner, session) for session in (first, second, third)] == [
        {"robin": False, "love": False},
        {"robin": True, "love": False},
        {"robin": False},
    ]
    works = await owner.fetchrow("select until, every_session from cohort_staff where role = 'substitute'")
    assert works
    assert tuple(works) == (date(2026, 9, 9), False)
    # Taken back, the access that rested on this one day ends at its day all the same, as what was before is theirs.
    await substitutes.comes_after_all(second, house.robin.staff_id, house.robin, clock.now())
    assert await standing(owner, second) == {"robin": False}
    assert await standing(owner, first) == {"robin": False, "love": False}
