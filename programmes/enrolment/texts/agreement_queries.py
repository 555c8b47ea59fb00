"""Reads about agreements: what somebody accepted, word for word, and who is asked again after a new version."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.core.clock import local_date
from programmes.core.db import fetch, fetchrow
from programmes.core.errors import NotFound
from programmes.enrolment.rules import AgreementText, EnrolmentFacts
from programmes.enrolment.texts.agreement_rules import (
    FARTHEST,
    NewText,
    asked_again,
    is_saved,
    last_of,
    on_paper_just_now,
    seen_digest,
    why_not_add,
)

__all__ = [
    "FARTHEST",
    "Accepted",
    "NewText",
    "accepted",
    "asked_by",
    "is_saved",
    "last_of",
    "left_to_accept",
    "on_paper_just_now",
    "seen_digest",
    "text_by_id",
    "to_accept_again",
    "versions",
    "why_not_add",
]


@dataclass(frozen=True)
class Accepted:
    """A text in the very version that somebody accepted, when, and how (`screen` or `paper`)."""

    text: AgreementText
    accepted_at: datetime
    how: str


_TEXT = "t.id as text_id, t.kind, t.version, t.valid_from, t.lines_sv, t.lines_en"


def _text(row: asyncpg.Record) -> AgreementText:
    return AgreementText(
        row["text_id"],
        row["kind"],
        row["version"],
        row["valid_from"],
        tuple(row["lines_sv"].splitlines()),
        tuple(row["lines_en"].splitlines()),
    )


async def accepted(enrolment_id: UUID) -> list[Accepted]:
    """Everything that somebody has accepted, newest first."""
    rows = await fetch(
        f"""select {_TEXT}, a.accepted_at, a.how from agreement a join agreement_text t on t.id = a.text_id
            where a.enrolment_id = $1 order by a.accepted_at desc, t.kind, t.version desc""",
        enrolment_id,
    )
    return [Accepted(_text(row), row["accepted_at"], row["how"]) for row in rows]


async def versions(section: str) -> list[AgreementText]:
    """Every version of a programme's texts."""
    rows = await fetch(f"select {_TEXT} from agreement_text t where t.section = $1 order by t.kind, t.version", section)
    return [_text(row) for row in rows]


async def to_accept_again(
    programme: Programme, facts: EnrolmentFacts, first_start: datetime | None, today: date
) -> tuple[AgreementText, ...]:
    """The new versions that somebody with a confirmed place is asked to accept."""
    if facts.state != "confirmed" or not facts.accepted:
        return ()
    first_day = local_date(first_start) if first_start else None
    return asked_again(programme, facts.state, facts.accepted, await versions(programme.section), today, first_day)


async def left_to_accept(first_days: Mapping[int, date | None], today: date) -> dict[int, int]:
    """How many people with a confirmed place have a new version to accept, of several cohorts by their first day."""
    rows = await fetch(
        """select e.cohort_id, c.programme_id, array_agg(a.text_id) as accepted
           from enrolment e join cohort c on c.id = e.cohort_id join agreement a on a.enrolment_id = e.id
           where e.cohort_id = any($1::int[]) and e.state = 'confirmed' group by e.id, c.programme_id""",
        sorted(first_days),
    )
    programmes = await catalogue.programmes({row["programme_id"] for row in rows}) if rows else {}
    texts = {p.section: await versions(p.section) for p in _once(programmes.values())}
    found = dict.fromkeys(first_days, 0)
    for row in rows:
        programme = programmes[row["programme_id"]]
        again = asked_again(
            programme, "confirmed", row["accepted"], texts[programme.section], today, first_days[row["cohort_id"]]
        )
        found[row["cohort_id"]] += bool(again)
    return found


async def to_be_asked(now: datetime) -> dict[UUID, tuple[int, ...]]:
    """Which new versions people with a confirmed place have to accept before a start that is still to come."""
    rows = await fetch(
        """select e.id, c.programme_id, starts.first, array_agg(a.text_id) as accepted
           from enrolment e join cohort c on c.id = e.cohort_id join agreement a on a.enrolment_id = e.id
           join lateral (select min(s.starts_at) as first from cohort_session s
                         where s.cohort_id = c.id and s.state <> 'cancelled') starts on true
           where e.state = 'confirmed' and c.state in ('open', 'postponed', 'started') and starts.first > $1
             and exists (
                 select 1 from agreement b join agreement_text old on old.id = b.text_id
                 join agreement_text t on t.section = old.section and t.kind = old.kind and t.version > old.version
                 where b.enrolment_id = e.id and t.valid_from <= $2
                   and not exists (select 1 from agreement n where n.enrolment_id = e.id and n.text_id = t.id))
           group by e.id, c.programme_id, starts.first order by e.id""",
        now,
        local_date(now),
    )
    programmes = await catalogue.programmes({row["programme_id"] for row in rows}) if rows else {}
    texts = {p.section: await versions(p.section) for p in _once(programmes.values())}
    found = {}
    for row in rows:
        programme, first_day = programmes[row["programme_id"]], local_date(row["first"])
        again = asked_again(programme, "confirmed", row["accepted"], texts[programme.section], local_date(now), first_day)
        if again:
            found[row["id"]] = tuple(text.text_id for text in again)
    return found


async def asked_by(new: NewText, programme: Programme, first_days: Mapping[int, date | None], today: date) -> dict[int, int]:
    """How many people with a confirmed place would be asked to accept a version that is not saved yet, of the cohorts
    where there are any."""
    rows = await fetch(
        """select e.cohort_id, array_agg(a.text_id) as accepted from enrolment e join agreement a on a.enrolment_id = e.id
           where e.cohort_id = any($1::int[]) and e.state = 'confirmed' group by e.id""",
        sorted(first_days),
    )
    known = await versions(new.section)
    texts, on = [*known, new.after(known)], max(today, new.valid_from)
    found: dict[int, int] = {}
    for row in rows:
        cohort_id = row["cohort_id"]
        asked = asked_again(programme, "confirmed", row["accepted"], texts, on, first_days[cohort_id])
        if any(text is texts[-1] for text in asked):
            found[cohort_id] = found.get(cohort_id, 0) + 1
    return found


async def text_by_id(text_id: int) -> tuple[str, AgreementText, int]:
    """A version with its section, and how many have accepted it. Raises NotFound."""
    row = await fetchrow(
        f"""select t.section, {_TEXT}, (select count(*) from agreement a where a.text_id = t.id) as accepted_by
            from agreement_text t where t.id = $1""",
        text_id,
    )
    if row is None:
        raise NotFound
    return row["section"], _text(row), row["accepted_by"]


def _once(programmes: Iterable[Programme]) -> Iterable[Programme]:
    return {programme.section: programme for programme in programmes}.values()
