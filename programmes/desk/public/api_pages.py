"""What the public interface for programs says: exactly what the public pages show, and nothing of any person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from programmes.catalogue.rules import Form, Programme, Text, WayIn
from programmes.catalogue.wording import Words
from programmes.core.clock import local
from programmes.desk.public.start_pages import Office, Opening, Start


@dataclass(frozen=True)
class Texts:
    """A text in Swedish and in English."""

    sv: str
    en: str


@dataclass(frozen=True)
class ApiStart:
    """A start that one can apply to, or soon can. Times have their offset; days are those of the municipality."""

    programme: str
    first_session: datetime | None
    place: str
    sessions: int
    places: int | None
    free: int | None
    full: bool
    apply_from: date
    apply_at: str


@dataclass(frozen=True)
class ApiOpening:
    """One time at which an open meeting place is open. One just comes."""

    place: str
    opens: datetime
    closes: datetime


@dataclass(frozen=True)
class ApiProgramme:
    """One programme of the guideline's edition in force."""

    slug: str
    section: str
    name: str
    summary: Texts
    form: Form
    way_in: WayIn
    identity_recorded: bool
    page: str
    starts: Sequence[ApiStart]
    openings: Sequence[ApiOpening]


@dataclass(frozen=True)
class ApiList:
    """All programmes, in the guideline's order, and the day that the list is of."""

    municipality: str
    day: date
    programmes: Sequence[ApiProgramme]


@dataclass(frozen=True)
class ApiStarts:
    """The starts of all programmes that one applies to on the web, soonest first."""

    municipality: str
    day: date
    starts: Sequence[ApiStart]


@dataclass(frozen=True)
class Problem:
    """What went wrong (RFC 9457), in English."""

    status: int
    title: str


def start(found: Start, base_url: str) -> ApiStart:
    return ApiStart(
        programme=found.cohort.slug,
        first_session=local(found.first) if found.first else None,
        place=found.cohort.venue,
        sessions=found.cohort.sessions,
        places=found.cohort.maximum if found.numbers else None,
        free=found.free if found.numbers and not found.not_yet else None,
        full=not found.not_yet and not found.free,
        apply_from=found.cohort.enrol_from,
        apply_at=f"{base_url}{found.address}",
    )


def times_of(found: Opening) -> list[ApiOpening]:
    """The next time of a meeting place, and those after it."""
    return [ApiOpening(found.place, local(s.starts_at), local(s.ends_at)) for s in (found.session, *found.then)]


def soonest(found: ApiStart) -> tuple[float, str]:
    """What starts are ordered by: the first day, and what has none yet after those that have."""
    return found.first_session.timestamp() if found.first_session else float("inf"), found.apply_at


def _said(programme: Programme, text: Text, office: Office) -> Texts:
    return Texts(
        Words(programme, "sv", office.municipality).say(text), Words(programme, "en", office.municipality).say(text)
    )


def programme(
    found: Programme, starts: Iterable[Start], openings: Iterable[Opening], office: Office, base_url: str
) -> ApiProgramme:
    """A programme. Starts are told where one applies on the web, as on its page; elsewhere one calls."""
    return ApiProgramme(
        slug=found.slug,
        section=found.section,
        name=found.name,
        summary=_said(found, found.lead, office),
        form=found.form,
        way_in=found.way_in,
        identity_recorded=not found.exempt,
        page=f"{base_url}/insatser/{found.slug}",
        starts=[start(each, base_url) for each in starts] if found.way_in == "web" else [],
        openings=sorted((each for o in openings for each in times_of(o)), key=lambda each: (each.opens, each.place)),
    )
