"""Two at the same moment, over connections of their own: a request and the worker write what changes of sessions owe, or two
of staff change sessions. Nobody hears anything twice, and all who have read it believe what is so."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from litestar import Litestar

from programmes import worker
from programmes.cohorts import queries as cohorts
from programmes.cohorts import session_services
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.core.clock import local, local_date
from programmes.core.i18n import day_long, speaking
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.changes import told_services
from programmes.desk.illness import services as illness
from programmes.notices import change_queries, job_services
from programmes.notices.belief_rules import Belief, Pending, read
from programmes.notices.change_services import tell_changes
from programmes.settings import Settings
from tests.clock import FrozenClock
from tests.desk.test_ill_page_from_before import WAITING
from tests.desk.test_reached import look
from tests.desk.test_sick import mail  # noqa: F401
from tests.factories import a_cohort, a_coordinator, a_leader, csrf_of, hidden, sign_in_as, somebody
from tests.notices.mail import Mail, text_of

DAY = timedelta(days=1)
CONTACTS = {"Alm": "alm@example.invalid", "Bok": "bok@example.invalid", "Hägg": "+46700000001"}
Form = dict[str, Any]
Sent = Callable[[], Awaitable[httpx.Response]]
# In whose work one is: a request is answered in tasks of its own.
OF: ContextVar[str] = ContextVar("of", default="")


class Meeting:
    """Of two who are on their way at once: each can wait until the other is held up by the database, or has come so far."""

    def __init__(self, owner: asyncpg.Connection) -> None:
        self._owner, self._one = owner, asyncio.Lock()

    async def waits_or(self, came: asyncio.Event) -> None:
        while not came.is_set():
            async with self._one:
                if await self._owner.fetchval(WAITING):
                    return
            await asyncio.sleep(0)


@dataclass
class House:
    """A started group with people, and Kim and Robin in front of their pages of it."""

    cohort: CohortFacts
    kim: httpx.AsyncClient
    robin: httpx.AsyncClient
    leader: Principal

    async def session(self, number: int) -> SessionFacts:
        return (await cohorts.sessions(self.cohort.cohort_id))[number]


@pytest.fixture
async def robins(app: Litestar, settings: Settings, db: None) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=settings.base_url) as browser:
        yield browser


@pytest.fixture
async def house(
    client: httpx.AsyncClient,
    robins: httpx.AsyncClient,
    clock: FrozenClock,
    keys: KeyFolder,
    mail: Mail,  # noqa: F811
    owner: asyncpg.Connection,
) -> House:
    await a_coordinator(clock.now())
    robin = await a_leader(clock.now())
    cohort = await a_cohort("2.1", clock.now(), robin, minimum=1, maximum=9, sessions=5, first_in=4 * DAY)
    for name, contact in CONTACTS.items():
        await somebody(cohort, keys, clock.now(), name, contact)
    await mail.work()
    await owner.execute("update cohort set state = 'started'")
    await owner.execute("delete from notice")
    await sign_in_as(client, "kim", clock.now())
    await sign_in_as(robins, "robin", clock.now())
    return House(cohort, client, robins, robin)


def moved(session: SessionFacts, by: timedelta) -> Form:
    starts, ends = local(session.starts_at) + by, local(session.ends_at)
    form = {"dag": f"{starts:%Y-%m-%d}", "fran": f"{starts:%H:%M}", "till": f"{ends:%H:%M}", "lokal": str(session.venue_id)}
    return {**form, "omfang": "en", "sedd": str(session.sequence)}


async def filled_in(who: httpx.AsyncClient, session: SessionFacts, page: str, form: Form) -> Sent:
    """A form as it stands on a page that is open; sent when it is called."""
    address = f"/personal/traffar/{session.session_id}/{page}"
    sent = {**form, "_csrf_token": csrf_of(await look(who, address))}
    return lambda: who.post(address, data=sent)


async def owed(owner: asyncpg.Connection) -> dict[UUID, list[Belief]]:
    """What the messages that have not gone to each person say that they believe."""
    found: dict[UUID, list[Belief]] = {row["id"]: [] for row in await owner.fetch("select id from enrolment")}
    waiting = "select enrolment_id, believed from notice where believed <> '{}' and state <> 'sent'"
    for row in await owner.fetch(waiting):
        found[row["enrolment_id"]].append(read(row["believed"]) or {})
    return found


def news(was: Belief, now_is: Belief) -> Belief:
    """What somebody believes who knows the sessions as they were, of those that are otherwise."""
    return {one: was.get(one) for one in {*was, *now_is} if was.get(one) != now_is.get(one)}


def letters(mail: Mail) -> Counter[str]:  # noqa: F811
    return Counter(str(message["To"]) for message in mail.all())


class Race:
    """The worker has read what somebody believes, and is about to write it, while the request writes. `locked` is False for
    the control: then the worker does without the cohort's lock."""

    def __init__(self, locked: bool, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reading, self.writing, self.passed = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._locked, self._meeting = locked, Meeting(owner)
        self._tell, self._pending, self._lock = tell_changes, change_queries.pending, cohorts.lock
        monkeypatch.setattr(told_services, "tell_changes", self._tell_when_met)
        monkeypatch.setattr(change_queries, "pending", self._read_and_meet)
        monkeypatch.setattr(cohorts, "lock", self._lock_or_not)

    async def _tell_when_met(self, *said: Any) -> None:
        self.writing.set()
        await self._meeting.waits_or(self.reading)
        await self._tell(*said)

    async def _read_and_meet(self, enrolment_id: UUID) -> list[Pending]:
        found = await self._pending(enrolment_id)
        if OF.get() == "worker" and not self.reading.is_set():
            self.reading.set()
            await self._meeting.waits_or(self.passed)
        return found

    async def _lock_or_not(self, cohort_id: int) -> None:
        if self._locked or OF.get() != "worker":
            await self._lock(cohort_id)

    async def run(self, first: str, request: Sent, work: Callable[[], Awaitable[None]]) -> int:
        """Both, one of them `first` as far as it comes; how the request was answered."""

        async def ask() -> int:
            if first == "worker":
                await self.reading.wait()
            answer = await request()
            self.passed.set()
            return answer.status_code

        async def write() -> None:
            OF.set("worker")
            if first == "request":
                await self.writing.wait()
            await work()

        async with asyncio.timeout(60):
            status, _ = await asyncio.gather(ask(), write())
        return status


@pytest.mark.parametrize("first", ["request", "worker"])
@pytest.mark.parametrize("locked", [True, False])
async def test_what_a_request_and_the_worker_write_at_once_is_one_message_to_each(
    first: str,
    locked: bool,
    house: House,
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
    the_worker: worker.Worker,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A change that nobody has been told of yet is written by both. Without the lock somebody gets two."""
    number, one, before = house.cohort.cohort_id, await house.session(1), letters(mail)
    was, later = await change_queries.as_they_are(number), (one.starts_at + DAY, one.ends_at + DAY)
    assert not await session_services.move_session(
        one.session_id, *later, one.venue_id, house.leader, clock.now(), meant=True
    )
    change = await filled_in(house.kim, one, "flytta", moved(await house.session(1), DAY))

    async def work() -> None:
        await job_services.HANDLERS["session_moved"](the_worker, {"session": one.session_id, "change": 1})

    assert await Race(locked, owner, monkeypatch).run(first, change, work) == 303
    believed = news(was, await change_queries.as_they_are(number))
    assert set(believed) == {one.session_id}
    assert all(messages == [believed] for messages in (await owed(owner)).values()) == locked
    await mail.work()
    each = Counter({contact: 1 for contact in CONTACTS.values() if "@" in contact})
    assert (letters(mail) - before == each) == locked


class AtOnce:
    """Two of staff change sessions: the first has done it, and is about to write what it owes, when the other one comes.
    `locked` is False for the control: then that one does without the cohort's lock."""

    def __init__(self, locked: bool, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
        self.changed, self.passed = asyncio.Event(), asyncio.Event()
        self._locked, self._meeting = locked, Meeting(owner)
        self._tell, self._lock = tell_changes, cohorts.lock
        for where in (told_services, illness):
            monkeypatch.setattr(where, "tell_changes", self._tell_when_met)
        monkeypatch.setattr(cohorts, "lock", self._lock_or_not)

    async def _tell_when_met(self, *said: Any) -> None:
        if not self.changed.is_set():
            self.changed.set()
            await self._meeting.waits_or(self.passed)
        await self._tell(*said)

    async def _lock_or_not(self, cohort_id: int) -> None:
        if self._locked or OF.get() != "second":
            await self._lock(cohort_id)

    async def run(self, first: Sent, second: Sent) -> list[int]:
        """How each was answered."""

        async def then() -> httpx.Response:
            OF.set("second")
            await self.changed.wait()
            answer = await second()
            self.passed.set()
            return answer

        async with asyncio.timeout(60):
            return [answer.status_code for answer in await asyncio.gather(first(), then())]


async def act(house: House, what: str, who: httpx.AsyncClient) -> Sent:
    """Something that one of them is about to do, with the page of it open."""
    one, two = await house.session(1), await house.session(2)
    match what:
        case "move" | "move further":
            return await filled_in(who, one, "flytta", moved(one, DAY if what == "move" else 2 * DAY))
        case "off" | "other off":
            session = one if what == "off" else two
            return await filled_in(who, session, "stall-in", {"sedan": "inte", "sedd": str(session.sequence)})
        case "instead" | "other instead":
            session = one if what == "instead" else two
            page = await look(who, f"/personal/traffar/{session.session_id}/stall-in")
            form = {"sedan": "till", "sedd": str(session.sequence), "nytt": hidden(page, "nytt")}
            return await filled_in(who, session, "stall-in", form)
        case "ill":
            page = await look(who, f"/personal/traffar/{one.session_id}/sjuk")
            aven = f"{two.session_id}/{two.sequence}"
            form = {"sedan": "inte", "sedd": hidden(page, "sedd"), "leder": hidden(page, "leder"), "aven": aven}
            return await filled_in(who, one, "sjuk", form)
    address = f"/personal/grupper/{house.cohort.cohort_id}/andrat"
    sent = {"andring": hidden(page := await look(who, address), "andring"), "_csrf_token": csrf_of(page)}
    return lambda: who.post(address, data=sent)


def once_each(messages: list[Belief], believed: Belief) -> bool:
    """Whether these tell exactly that, each session in one message."""
    return sum(map(len, messages)) == len(believed) and {k: v for one in messages for k, v in one.items()} == believed


def says(letter: str, believed: Belief, now_is: Belief) -> bool:
    """Whether all that is otherwise is told as it is."""
    with speaking("sv"):
        starts = [known.starts_at for one in believed if (known := now_is.get(one) or believed[one])]
        off = any(now_is.get(one) is None for one in believed)
        return all(day_long(local_date(start)) in letter for start in starts) and ("inställ" in letter) == off


@pytest.mark.parametrize(
    ("first", "second", "answers"),
    [
        ("move", "move further", [303, 409]),
        ("move", "off", [303, 409]),
        ("off", "move", [303, 409]),
        ("move", "other off", [303, 303]),
        ("other instead", "move", [303, 303]),
        ("instead", "other instead", [303, 422]),
        ("ill", "move", [303, 409]),
        ("move", "ill", [303, 409]),
        ("undo", "other off", [303, 303]),
        ("other off", "undo", [303, 409]),
    ],
)
async def test_of_two_who_change_sessions_at_once_all_who_have_read_it_believe_what_is_so(
    first: str,
    second: str,
    answers: list[int],
    house: House,
    clock: FrozenClock,
    mail: Mail,  # noqa: F811
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number, was = house.cohort.cohort_id, await change_queries.as_they_are(house.cohort.cohort_id)
    knows = dict.fromkeys(await owed(owner), was)
    if "undo" in {first, second}:  # What is undone has been read, but by whom no mail reaches.
        assert (await (await act(house, "move", house.robin))()).status_code == 303
        await mail.work()
        moved_by_now = await change_queries.as_they_are(number)
        knows = {who: was if messages else moved_by_now for who, messages in (await owed(owner)).items()}
    before = len(mail.all())
    clock.advance(minutes=1)
    one, other = await act(house, first, house.robin), await act(house, second, house.kim)
    assert await AtOnce(True, owner, monkeypatch).run(one, other) == answers
    now_is, told = await change_queries.as_they_are(number), await owed(owner)
    assert {who: once_each(messages, news(knows[who], now_is)) for who, messages in told.items()} == dict.fromkeys(
        told, True
    )
    await mail.work()
    read_by_mail = max(knows.values(), key=lambda known: known is not was)
    texts = [text_of(message) for message in mail.all() if message["To"] == CONTACTS["Alm"]]
    assert before < len(mail.all())
    assert says(" ".join(" ".join(texts).split()), news(read_by_mail, now_is), now_is)


async def test_without_the_lock_one_takes_the_others_change_back_unseen(
    house: House, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the two do meet."""
    one, other = await act(house, "move", house.robin), await act(house, "move further", house.kim)
    assert await AtOnce(False, owner, monkeypatch).run(one, other) == [303, 303]
