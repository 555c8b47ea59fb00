"""Whatever is done to a group's sessions in whatever order, and whatever the mail server answers: who believes
something else than is so in the end is among those to ring about it, and no message says what is not so as it arrives."""

import random
import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from email.message import EmailMessage
from uuid import UUID

import asyncpg
import pytest

from programmes.cohorts import change_services, session_services, talk_services
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.schedule_rules import slot_on
from programmes.core.errors import Conflict
from programmes.core.i18n import moment_long
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.desk.group import calls_queries
from programmes.notices import belief_rules, change_queries, job_services
from programmes.notices.letter_fact_rules import Slot
from programmes.notices.post_services import Deferred, Refused
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, somebody
from tests.notices.mail import Mail, text_of
from tests.notices.test_changes_told import move_rest
from tests.notices.test_talks_booked import a_series

_DAY = r"(\w+dag \d+ \w+ \d+\.\d+–\d+\.\d+)"
_IS = re.compile(f"(?:Ny tid: |tillagt sist: |bokad: |ett möte till: |möte(?:t)? är ){_DAY}|Mötet {_DAY} blir av")
_IS_NOT = re.compile(f"Mötet {_DAY} (?:är inställt|blir inte av)")
_ALL_STAND_THERE = ("tider står på Min plats", "Se alla med länken", "Se tid och plats med länken", "Se var med länken")
_ACTS = ("move", "move", "rest", "cancel", "replace", "replace", "undo", "undo", "send", "send", "night", "book")


def _names(said: str, known: belief_rules.Known) -> bool:
    """Whether words name a session by when somebody knows it, or point to where all of them stand."""
    day, moment = str(Slot(known.starts_at, known.ends_at)), moment_long(known.starts_at)
    return day in said or moment in said or any(there in said for there in _ALL_STAND_THERE)


def _is_among(was: belief_rules.Known | None, known: belief_rules.Known | None) -> bool:
    """Whether staff say it by the day that she knows; what she knows nothing of has none."""
    return was is None or any(one and one.starts_at == was.starts_at for one in belief_rules.readings(known))


@dataclass
class Play:
    """A group with Lisa in it, and what she believes: once as if all that may have reached her had, once as if nothing of it
    had. Nobody knows which, so what comes last must be true to both."""

    cohort: CohortFacts
    kim: Principal
    owner: asyncpg.Connection
    clock: FrozenClock
    chance: random.Random
    minds: tuple[dict[int, belief_rules.Known | None], ...] = ({}, {})
    script: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    async def arrives(self, notice_id: UUID, text: str, sure: bool) -> None:
        """She reads it, or may: of the sessions that it is about she knows how they are, if it names them as she knows them
        or says where all of them stand."""
        believed = belief_rules.read(await self.owner.fetchval("select believed from notice where id = $1", notice_id))
        now_is = await change_queries.as_they_are(self.cohort.cohort_id)
        said = " ".join(text.split("Öppna", maxsplit=1)[0].split())
        self.script.append(f"   {'' if sure else '(maybe) '}{said}")
        days = {str(Slot(known.starts_at, known.ends_at)) for known in now_is.values() if known}
        for found in _IS.findall(said):
            if "".join(found) not in days:
                self.wrong.append(f"{''.join(found)} is not so: {said}")
        for day in _IS_NOT.findall(said):
            if day in days:
                self.wrong.append(f"{day} is so: {said}")
        for mind in self.minds if sure else self.minds[:1]:
            for session_id in believed or ():
                known, is_so = mind.get(session_id), now_is.get(session_id)
                if known and known != is_so and known.ends_at > self.clock.now() and not _names(said, known):
                    self.wrong.append(f"{known.starts_at} is not named: {said}")
                mind[session_id] = is_so
                if known and known != is_so:
                    # No words say of a time that stands that it is cancelled (above), nor that it is another: she knows it,
                    # of whichever session.
                    mind.update({other: so for other, so in now_is.items() if so == known})

    async def compare(self) -> None:
        """What she believes wrongly and nobody rings about. She comes at times, whichever session is then."""
        now_is, now = await change_queries.as_they_are(self.cohort.cohort_id), self.clock.now()
        found = await calls_queries.untold([self.cohort.cohort_id], now)
        rung = [(known, is_so) for about in found if about.left for known, is_so in about.left.sessions]
        so_it_is = {known for known in now_is.values() if known}
        for mind in self.minds:
            believed = {known for one in now_is if (known := mind.get(one))}
            for was in believed - so_it_is:
                if was.ends_at > now and not any(so != was and _is_among(was, known) for known, so in rung):
                    self.wrong.append(f"nobody rings about {was} that is not so")
            for is_so in so_it_is - believed:
                if is_so.ends_at > now and not any(so == is_so for _known, so in rung):
                    self.wrong.append(f"nobody rings about {is_so} that she knows nothing of")

    async def act(self) -> str:
        name, now = self.chance.choice(_ACTS), self.clock.now()
        coming = [s for s in await cohorts.sessions(self.cohort.cohort_id) if s.state != "cancelled" and s.starts_at > now]
        if (name in {"move", "cancel", "replace", "rest"} and len(coming) < 2) or (
            name == "book"
        ) > self.cohort.one_at_a_time:
            return ""
        session = self.chance.choice(coming) if coming else None
        try:
            came = await self._do(name, session, now)
        except Conflict as error:
            came = repr(error)
        self.script.append(f"{name} {session and session.session_id}: {came}")
        return name

    async def _first_stands(self) -> bool:
        return (await cohorts.sessions(self.cohort.cohort_id))[0].state in {"planned", "moved"}

    async def _do(self, name: str, session: SessionFacts | None, now: datetime) -> object:
        match name:
            case "move" if session:
                by = self.chance.choice([timedelta(days=1), timedelta(hours=1), timedelta(days=8)])
                starts, ends = session.starts_at + by, session.ends_at + by
                return await session_services.move_session(
                    session.session_id, starts, ends, session.venue_id, self.kim, now, meant=True
                )
            case "rest" if not self.cohort.one_at_a_time and await self._first_stands():
                return await move_rest(self.cohort, timedelta(weeks=1), self.kim, self.clock)
            case "cancel" | "replace" if session:
                add = name == "replace"
                return await session_services.cancel_session(session.session_id, add, self.kim, now, meant=True)
            case "book":
                slot = slot_on(date(2026, 10, 5) + timedelta(days=self.chance.randint(0, 20)), time(13), time(14))
                there = self.cohort.cohort_id, slot, self.cohort.venue_id
                return await talk_services.book_talk(*there, self.kim, now, meant=True)
            case "undo":
                found = await change_services.undoable(self.cohort.cohort_id, self.kim, now)
                return found and await change_services.undo(self.cohort.cohort_id, found.change_id, self.kim, now)
        return None


@pytest.mark.parametrize("talks", [False, True])
@pytest.mark.parametrize(("seed", "faults"), [(4, 0.0), (2, 0.6), (9, 0.6), (21, 0.9)])
async def test_who_believes_what_is_not_so_is_rung_about_it(
    seed: int,
    faults: float,
    talks: bool,
    mail: Mail,
    keys: KeyFolder,
    clock: FrozenClock,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kim, chance = await a_coordinator(clock.now()), random.Random(seed)
    if talks:
        cohort = await a_series("2.3", clock, kim)
    else:
        cohort = await a_cohort("2.1", clock.now(), minimum=1, maximum=9, sessions=4)
    await somebody(cohort, keys, clock.now(), contact="lisa@example.invalid")
    await mail.work()
    play = Play(cohort, kim, owner, clock, chance)
    known = await change_queries.as_they_are(cohort.cohort_id)
    play.minds = (dict(known), dict(known))

    class Server:
        async def send(self, message: EmailMessage) -> None:
            what = chance.random()
            if what < faults / 3:
                raise Deferred("SMTPDataError451")
            if what < faults * 2 / 3:
                raise Refused("SMTPDataError552")
            notice_id = UUID(str(message["Message-ID"]).strip("<>").split("@")[0])
            await play.arrives(notice_id, text_of(message), what >= faults)
            if what < faults:
                raise Deferred("Timeout", maybe=True)

    monkeypatch.setattr(job_services, "post_from", lambda _url: Server())
    for _ in range(12):
        if await play.act() in {"send", "night"}:
            await mail.work()
        clock.advance(minutes=chance.choice([1, 1, 20]))
    await mail.work()
    while await owner.fetchval("select count(*) from notice where state = 'waiting'"):
        clock.advance(minutes=90)
        await mail.work()
    await mail.work()
    await play.compare()
    assert not play.wrong, "\n".join([*play.script, *play.wrong])
