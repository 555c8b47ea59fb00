"""Whatever is done to a group in whatever order, and however the mail server answers: who leads it is told nothing that
is not so as it arrives, and believes in the end what is so."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage

import asyncpg
import pytest

from programmes.cohorts import change_services as cohort_changes
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.schedule_rules import Slot
from programmes.core.errors import Conflict, NotFound
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.changes import services as changes
from programmes.desk.illness import services as illness
from programmes.desk.illness import substitute_services as substitutes
from programmes.desk.illness.services import Cancelling
from programmes.desk.today import staff_mail, staff_message_services
from programmes.notices.post_services import Deferred
from tests.attendance.cast import session_ids
from tests.clock import FrozenClock
from tests.cohorts.cast import a_leader
from tests.desk.test_sick import mail, shown_to_stand, with_mail  # noqa: F401
from tests.factories import a_cohort, a_coordinator
from tests.notices.mail import Mail

# When and where each session is to somebody who comes to it.
Belief = dict[int, object]
# What is not so as it arrives: of a session, of who stands there, of whom it goes to.
_FALSE: dict[str, Callable[[bool, bool, bool], bool]] = {
    "not_needed": lambda on, stands, found: on and stands,
    "found": lambda on, stands, found: not (on and found),
    "nobody": lambda on, stands, found: not on or found,
    "lost": lambda on, stands, found: not on or found,
    "moved": lambda on, stands, found: not (on and stands),
    "cancelled": lambda on, stands, found: on,
    "on_again": lambda on, stands, found: not on,
}


@dataclass
class Play:
    """A group of Robin's, what each of staff believes of it, and what was wrong."""

    cohort: CohortFacts
    staff: dict[int, Principal]
    owner: asyncpg.Connection
    believes: dict[int, Belief] = field(default_factory=dict)
    script: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    async def truth(self, staff_id: int) -> Belief:
        rows = await self.owner.fetch(
            """select s.id, s.starts_at, s.venue_id from cohort_session s join session_duty d on d.session_id = s.id
               where s.cohort_id = $1 and s.state <> 'cancelled' and d.staff_id = $2 and not d.away""",
            self.cohort.cohort_id,
            staff_id,
        )
        return {row["id"]: (row["starts_at"], row["venue_id"]) for row in rows}

    async def learns(self, staff_id: int, *sessions: int) -> None:
        """Somebody sees or hears how these are for them; without any, how all are."""
        now_is = await self.truth(staff_id)
        for one in sessions or set(now_is) | set(self.believes.setdefault(staff_id, {})):
            self.believes[staff_id].pop(one, None)
            if one in now_is:
                self.believes[staff_id][one] = now_is[one]

    async def arrives(self, message_id: str) -> None:
        row = await self.owner.fetchrow(
            """select m.staff_id, m.session_id, m.kind, m.believed, s.state <> 'cancelled' as on,
                      exists (select from substitute_request r join session_duty d on d.session_id = s.id
                              and d.staff_id = r.asked_id and not d.away
                              where r.session_id = s.id and r.state = 'yes') as found
               from staff_message m join cohort_session s on s.id = m.session_id where m.id = $1::uuid""",
            message_id,
        )
        assert row
        staff_id, session = row["staff_id"], row["session_id"]
        self.script.append(f"   {self.staff[staff_id].name} <- {row['kind']} {session} {row['believed'] or ''}")
        if row["believed"]:
            await self.learns(staff_id, *staff_message_services.read(row["believed"]))
            return
        stands = session in await self.truth(staff_id)
        if row["kind"] in _FALSE and _FALSE[row["kind"]](row["on"], stands, row["found"]):
            self.wrong.append(self.script[-1])
        await self.learns(staff_id, session)


@dataclass
class Act:
    """One thing that somebody may do now."""

    play: Play
    chance: random.Random
    keys: KeyFolder
    now: datetime
    session: SessionFacts
    who: Principal

    @property
    def number(self) -> int:
        return self.session.session_id

    @property
    def named(self) -> dict[str, Principal]:
        return {one.name: one for one in self.play.staff.values()}

    async def move(self) -> object:
        by = self.chance.choice([timedelta(minutes=30), timedelta(days=1)])
        slot = Slot(self.session.starts_at + by, self.session.ends_at + by)
        return await changes.move(self.number, slot, self.session.venue_id, self.who, self.now, meant=True)

    async def cancel(self) -> object:
        seen = await self.play.owner.fetchval("select sequence from cohort_session where id = $1", self.number)
        off = [Cancelling(self.number, seen, self.chance.random() < 0.5)]
        return await illness.cancel(off, self.keys, self.who, self.now, await shown_to_stand(self.number))

    async def lead(self) -> object:
        self.who = self.named["Kim"]
        rows = await self.play.owner.fetch(
            "select staff_id from session_duty where session_id = $1 and not away order by 1", self.number
        )
        out = self.chance.choice([row["staff_id"] for row in rows] or [self.named["Robin"].staff_id])
        into, rest = self.named[self.chance.choice(["Love", "Sam"])].staff_id, self.chance.random() < 0.3
        return await changes.change_leader(self.number, out, into, rest, self.who, self.now, meant=True)

    async def undo(self) -> object:
        cohort_id = self.play.cohort.cohort_id
        found = await cohort_changes.undoable(cohort_id, self.who, self.now)
        return found and await changes.undo(cohort_id, found.change_id, self.who, self.now)

    async def ask(self) -> object:
        self.who = self.named["Robin"]
        asked = [self.named[name].staff_id for name in ("Love", "Sam")]
        return await substitutes.ask(self.number, self.who.staff_id, asked, self.who, self.now)

    async def back(self) -> object:
        self.who = self.named["Robin"]
        return await substitutes.comes_after_all(self.number, self.who.staff_id, self.who, self.now)

    async def answer(self) -> object:
        row = await self.play.owner.fetchrow(
            "select id, asked_id, session_id from substitute_request where state = 'asked' order by id"
        )
        if row is None:
            return None
        said = await substitutes.answer(row["id"], self.chance.random() < 0.7, self.play.staff[row["asked_id"]], self.now)
        await self.play.learns(row["asked_id"], row["session_id"])
        return said


# Each as often as it is likely to meet another.
_ACTS = ("move", "cancel", "lead", "lead", "undo", "undo", "ask", "answer", "answer", "back", "send", "send")


async def act(play: Play, chance: random.Random, keys: KeyFolder, now: datetime) -> str:
    """Something happens; returns what. Who does it sees how everything is."""
    coming = [s for s in await cohorts.sessions(play.cohort.cohort_id) if s.state != "cancelled" and s.starts_at > now]
    who = chance.choice([one for one in play.staff.values() if one.name in {"Robin", "Kim"}])
    one, name = Act(play, chance, keys, now, chance.choice(coming[:2]), who), chance.choice(_ACTS)
    if name == "send":
        return name
    try:
        came: object = await getattr(one, name)()
    except (Conflict, NotFound) as error:
        came = repr(error)
    else:
        if name != "answer":
            await play.learns(one.who.staff_id)
    play.script.append(f"{one.who.name} {name} {one.number}: {came}")
    return name


@pytest.fixture
async def play(db: None, clock: FrozenClock, owner: asyncpg.Connection) -> Play:
    now = clock.now()
    robin, kim = await a_leader(now), await a_coordinator(now)
    others = [await a_leader(now, name) for name in ("love", "sam")]
    await with_mail(owner, "robin", "kim", "love", "sam")
    cohort = await a_cohort("2.1", now, robin, first_in=timedelta(hours=26), sessions=4, minimum=1)
    await owner.execute("update cohort set decide_by = '2026-09-01', state = 'started', started_at = $1", now)
    found = Play(cohort, {one.staff_id: one for one in (robin, kim, *others)}, owner)
    for staff_id in found.staff:
        await found.learns(staff_id)
    return found


# Some chains that have found something, with a server that takes everything, and one that does not.
@pytest.mark.parametrize(("seed", "faults"), [(7, 0.0), (7, 0.5), (26, 0.5), (39, 0.0)])
async def test_who_is_told_last_believes_what_is_so(
    seed: int,
    faults: float,
    play: Play,
    mail: Mail,  # noqa: F811
    keys: KeyFolder,
    clock: FrozenClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chance, fails = random.Random(seed), [faults]

    class Server:
        async def send(self, message: EmailMessage) -> None:
            what = chance.random()
            if what < fails[0] / 2:
                raise Deferred("SMTPDataError451")
            await play.arrives(str(message["Message-ID"]).strip("<>").split("@")[0])
            if what < fails[0]:
                raise Deferred("Timeout", maybe=True)

    monkeypatch.setattr(staff_mail, "post_from", lambda _url: Server())
    for _ in range(12):
        if await act(play, chance, keys, clock.now()) == "send":
            await mail.work()
        clock.advance(minutes=chance.choice([1, 1, 6]))
    fails[0] = 0.0
    for _ in range(6):
        await mail.work()
        clock.advance(minutes=20)
    # What was added at the end is in everybody's calendar.
    first = set((await session_ids(play.cohort))[:4])
    for staff_id, believed in play.believes.items():
        now_is = await play.truth(staff_id)
        if {s: at for s, at in believed.items() if s in first} != {s: at for s, at in now_is.items() if s in first}:
            play.wrong.append(f"{play.staff[staff_id].name} believes {believed}, and it is {now_is}")
    assert not play.wrong, "\n".join([*play.script, *play.wrong])
