"""An application on its way: who enters it for which cohort, and what is made of what was typed."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from litestar import Request

from programmes.catalogue import wording
from programmes.catalogue.rules import Programme, ResidencyException
from programmes.catalogue.wording import Question
from programmes.cohorts import queries as cohorts
from programmes.cohorts.queries import CohortFacts
from programmes.cohorts.rhythm_rules import rhythm
from programmes.core.clock import local_date
from programmes.core.i18n import Language, known_language, language
from programmes.core.principal import Principal
from programmes.enrolment import pages, queries, services
from programmes.enrolment.head_pages import CohortHead
from programmes.enrolment.records.views import unnamed_alias, unnamed_channel
from programmes.people.records import PersonRecord
from programmes.web.forms import Form

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True)
class Way:
    """One application on its way: the cohort, who enters it, and what was typed. `received`: it was sent before."""

    request: AnyRequest
    cohort: CohortFacts
    programme: Programme
    form: Form
    staff: Principal | None = None
    people: tuple[Form, ...] = ()
    received: bool = False

    @property
    def applicants(self) -> tuple[Form, ...]:
        """A form for each person of the form: one, but for siblings."""
        return self.people or (self.form,)

    @property
    def action(self) -> str:
        if self.staff:
            return f"/personal/grupper/{self.cohort.cohort_id}/anmal"
        return f"/anmalan/{self.cohort.public_id}"

    @property
    def municipality(self) -> str:
        return str(self.request.app.state.settings.municipality)

    @property
    def texts(self) -> bool:
        """Whether text messages can be sent."""
        return bool(self.request.app.state.settings.sms_url)

    @property
    def first_day(self) -> date:
        """The day on which ages count: that of the first session, or today where none is booked yet."""
        return local_date(self.cohort.first_start or self.request.app.state.clock.now())

    @property
    def shown_day(self) -> date:
        """The first day as the form said it, which may have moved since."""
        return Form({"dag": [self.form.raw("dag")]}).day("dag") or self.first_day

    def answered(self, form: Form) -> dict[str, str]:
        """Somebody's answers to conditions as typed: `ja`, `nej` or the key of an age band."""
        names = [q.condition for q in wording.questions(self.programme, language(), self.municipality)]
        return {name: form.raw(f"v_{name}") for name in names}

    def shown(self, form: Form) -> list[Question]:
        """The conditions that somebody is asked about, by what they have answered."""
        return pages.shown_questions(self.programme, self.municipality, self.answered(form), self.first_day)


async def head(way: Way) -> CohortHead:
    cohort, programme = way.cohort, way.programme
    taken = (await queries.places([cohort.cohort_id], way.request.app.state.clock.now()))[cohort.cohort_id]
    sessions = [s for s in await cohorts.sessions(cohort.cohort_id) if s.number is not None]
    first = sessions[0] if sessions else None
    return CohortHead(
        cohort.public_id,
        programme.name,
        programme.short_name,
        cohort.slug,
        first.starts_at if first else None,
        first.ends_at if first else None,
        len(sessions),
        cohort.venue,
        cohort.address,
        taken.free(cohort.maximum),
        taken.queued,
        taken.someone_waits,
        local_date(sessions[-1].starts_at) if sessions else None,
        cohort.form,
        rhythm([s.slot for s in sessions], cohort.every_weeks),
        way.first_day,
        cohort.one_at_a_time or not sessions,
        programme.people_counted and cohort.maximum > 1,
        taken.kept_until,
    )


def application(way: Way, record: PersonRecord | None, form: Form, number: int, once: str) -> services.Application:
    born = date.fromisoformat(record.birth_date) if record else None
    return services.Application(
        cohort_id=way.cohort.cohort_id,
        first_session=way.shown_day,
        answers=pages.answers_from(way.programme, way.shown(form), way.answered(form), born, exception(way)),
        once=services.sibling_once(once, number),
        alias="" if record else unnamed_alias(form),
        contact="" if record else unnamed_channel(way.form, way.texts),
        record=record,
        protected=record is not None and form.ticked("skydd"),
        language=written_to_in(way),
        staff_id=way.staff.staff_id if way.staff else None,
    )


def written_to_in(way: Way) -> Language:
    """In which language the person is written to: that of the page where they fill it in themselves. Staff say it for them;
    the language of a staff member's own pages says nothing of it. The form of the release before asks nothing; what is no
    language has been refused by then."""
    return language() if way.staff is None else known_language(way.form.raw("besked")) or "sv"


def exceptions(way: Way) -> tuple[ResidencyException, ...]:
    """The exceptions from residency that whoever enters the application may make."""
    coordinates = way.staff is not None and way.staff.coordinates(way.cohort.section)
    return services.exceptions_for(way.programme, way.staff is not None, coordinates, way.form.ticked("skydd"))


def exception(way: Way) -> ResidencyException | None:
    return next((one for one in exceptions(way) if one == way.form.raw("undantag")), None)
