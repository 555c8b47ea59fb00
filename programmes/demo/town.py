"""What the stories of the demo are told with: a clock of their own, the worker, and what people do, through the services."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from programmes import worker
from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Answers, Programme
from programmes.cohorts import queries as cohorts
from programmes.cohorts.opening_services import programme_for, start_from
from programmes.cohorts.queries import CohortFacts, SessionFacts
from programmes.cohorts.rules import UNDO_DECISION
from programmes.core.clock import local_date
from programmes.core.codes import new_token
from programmes.core.contacts import by_text
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.demo.people import Neighbour, neighbours
from programmes.desk.closing.series_services import start_series
from programmes.enrolment import queries as enrolments
from programmes.enrolment import services as enrolment
from programmes.enrolment.visits import step_services as steps
from programmes.oversight import services as oversight
from programmes.oversight.opening.services import Opening, Visit, open_with_visits
from programmes.oversight.rules import seen_as
from programmes.people.records import PersonRecord


class StoryClock:
    """Tells the time of the story, so that past content is made by the same services as today's."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment.astimezone(UTC)

    def now(self) -> datetime:
        return self._moment

    def set(self, moment: datetime) -> datetime:
        self._moment = moment.astimezone(UTC)
        return self._moment


@dataclass(frozen=True)
class Plan:
    """A cohort as somebody opens it. What is left out is as the programme's form suggests. `one_at_a_time`: a series whose
    talks are booked as it goes on."""

    section: str
    name: str
    first: date
    starts: time
    ends: time
    leader: str
    venue: str
    minimum: int | None = None
    maximum: int | None = None
    count: int | None = None
    decide_by: date | None = None
    last_entry: int | None = None
    weekdays: frozenset[int] = frozenset()
    visits: Sequence[Visit] = ()
    announce: bool = True
    one_at_a_time: bool = False


@dataclass(frozen=True)
class Town:
    """The municipality while it is being loaded. `real_now` is when; every story is told towards it."""

    keys: KeyFolder
    worker: worker.Worker
    clock: StoryClock
    real_now: datetime
    staff: dict[str, Principal] = field(default_factory=dict)
    ballots: list[dict[str, object]] = field(default_factory=list)
    feeds: list[UUID] = field(default_factory=list)
    people: Iterator[Neighbour] = field(default_factory=neighbours)

    @property
    def today(self) -> date:
        return local_date(self.real_now)

    @property
    def kim(self) -> Principal:
        """The coordinator."""
        return self.staff["kim"]

    def day(self, weeks: int, weekday: int) -> date:
        """The weekday (Monday is 0) of the week that is so many weeks from this one."""
        return self.today + timedelta(weeks=weeks, days=weekday - self.today.weekday())

    async def work(self, moment: datetime) -> None:
        """Let the worker do what waits at a point of the story: notices, offers, boxes."""
        self.clock.set(moment)
        await worker.drain(self.worker)

    async def open(self, plan: Plan, opened: datetime) -> CohortFacts:
        """Open a cohort as the coordinator would, at a moment of the story."""
        today = local_date(opened)
        programme_id, programme = await programme_for(self.kim, plan.section, today)
        usual = await start_from(programme, today)
        wanted = Opening(
            programme_id,
            plan.name,
            plan.first,
            plan.starts,
            plan.ends,
            plan.count or usual.count,
            plan.minimum or usual.minimum,
            plan.maximum or usual.maximum,
            today,
            plan.decide_by or max(today, _weekday_before(plan.first - timedelta(days=9))),
            plan.last_entry or usual.last_entry,
            (self.staff[plan.leader].staff_id,),
            None,
            (plan.venue, VENUES[plan.venue]),
            plan.weekdays,
            announce=plan.announce,
            one_at_a_time=plan.one_at_a_time,
        )
        return await cohorts.by_id(await open_with_visits(wanted, plan.visits, self.kim, opened))

    async def apply(self, cohort: CohortFacts, moment: datetime, helped_by: str = "") -> UUID:
        """Somebody who meets every condition applies, alone on the web or with a member of staff."""
        programme = await catalogue.programme(cohort.programme_id)
        who = next(self.people)
        assert cohort.first_start
        application = enrolment.Application(
            cohort_id=cohort.cohort_id,
            first_session=local_date(cohort.first_start),
            answers=_yes(programme, who),
            once=new_token(),
            alias=who.alias if programme.exempt else "",
            contact=(by_text(who.contact) if "sms" in who.safe else who.contact) if programme.exempt else "",
            record=None if programme.exempt else _record(who),
            staff_id=self.staff[helped_by].staff_id if helped_by else None,
        )
        answer = await enrolment.apply(application, programme, self.keys, moment)
        assert isinstance(answer, enrolment.Taken), answer
        return answer.enrolment_id

    async def visit(self, cohort: CohortFacts, enrolment_id: UUID, number: int, moment: datetime) -> datetime:
        """Book the study visit of this number; returns when it ends."""
        slot = (await enrolments.slots(cohort.cohort_id, moment))[number]
        await steps.book_visit(enrolment_id, slot.slot_id, moment)
        return slot.ends_at

    async def confirm(self, cohort: CohortFacts, enrolment_id: UUID, leader: str, moment: datetime) -> None:
        """After the study visit: made, and conditions and rules accepted on screen."""
        programme = await catalogue.programme(cohort.programme_id)
        await steps.mark_visit(enrolment_id, "attended", self.staff[leader].staff_id, programme, moment)
        texts = await enrolments.texts_to_accept(cohort.section, local_date(moment))
        await steps.accept_texts(enrolment_id, [t.text_id for t in texts], programme, "screen", moment)

    async def start(self, cohort: CohortFacts, moment: datetime) -> None:
        """The coordinator decides that it starts, or begins the talks of a series."""
        if cohort.form == "individual":
            await start_series(cohort.cohort_id, self.kim, moment)
            await self.work(moment)
            return
        reasons = await oversight.start(cohort.cohort_id, False, seen_as(cohort.state, cohort.first_start), self.kim, moment)
        assert not reasons, reasons
        await self.work(moment)
        # Its messages leave when it can't be taken back any more.
        await self.work(moment + UNDO_DECISION)

    async def past(self, cohort: CohortFacts) -> list[SessionFacts]:
        """The sessions that are over by the real now, in order."""
        found = await cohorts.sessions(cohort.cohort_id)
        return [s for s in found if s.ends_at < self.real_now and s.state != "cancelled"]


VENUES = {
    "Linden": "Hamngatan 4, Karlshamn",
    "Ateljén": "Kungsgatan 12, Karlshamn",
    "Biblioteket, grupprummet": "Ågatan 1, Karlshamn",
    "Mötesplatsen": "Drottninggatan 20, Karlshamn",
    "Ekbacken": "Ekvägen 3, Asarum",
    "Lindhaga": "Lindvägen 8, Mörrum",
    "Björkgården": "Björkallén 2, Svängsta",
    "Rönnen": "Rönnstigen 5, Hällaryd",
    "Hasseln": "Hasselbacken 1, Åryd",
}


def _weekday_before(day: date) -> date:
    """The day, or the Friday before it: nobody decides on a Sunday."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def _yes(programme: Programme, who: Neighbour) -> Answers:
    """Honest answers of somebody who meets every condition."""
    asked = programme.age_asked
    return Answers(
        birth_date=who.birth_date if asked == "birth_date" else None,
        age_declared=True if asked == "declared" else None,
        age_band=programme.age_bands[0].key if asked == "band" else None,
        guardian_consent=True if asked == "band" else None,
        residency=True,
        declarations={declaration.key: True for declaration in programme.declarations},
    )


def _record(who: Neighbour) -> PersonRecord:
    return PersonRecord(who.name, who.birth_date.isoformat(), "", who.contact, who.safe)
