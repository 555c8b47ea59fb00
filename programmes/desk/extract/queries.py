"""Reads for a person's own extract: everything that hangs on their enrolments, by the list of what is handed out."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from programmes.core.db import fetch
from programmes.desk.extract.rules import How, columns

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Check:
    """A check of who asked."""

    check_id: UUID
    how: How
    at: datetime


async def checks(participant_id: UUID, staff_id: int) -> list[Check]:
    """The checks of somebody that this member of staff noted, the newest first."""
    rows = await fetch(
        "select id, how, at from identity_check where participant_id = $1 and staff_id = $2 order by at desc, id",
        participant_id,
        staff_id,
    )
    return [Check(row["id"], row["how"], row["at"]) for row in rows]


async def numbers_read(people: Sequence[UUID], staff_id: int, since: datetime) -> frozenset[UUID]:
    """Of which of these records this member of staff has read the number off an identity document that was shown, since a
    moment."""
    rows = await fetch(
        """select distinct participant_id from identity_check
           where participant_id = any($1::uuid[]) and staff_id = $2 and how = 'shown' and number_read and at > $3""",
        list(people),
        staff_id,
        since,
    )
    return frozenset(row["participant_id"] for row in rows)


async def numbers_ever_read(people: Sequence[UUID]) -> frozenset[UUID]:
    """Of which of these records anybody has read the number that they have now off a document."""
    rows = await fetch(
        "select distinct participant_id from identity_check where participant_id = any($1::uuid[]) and number_read",
        list(people),
    )
    return frozenset(row["participant_id"] for row in rows)


@dataclass(frozen=True)
class Way:
    """An enrolment of somebody's: which, of which record, in which programme and group."""

    enrolment_id: UUID
    participant_id: UUID
    programme_id: int
    section: str
    group: str
    row: Row


async def ways_of(people: Sequence[UUID]) -> list[Way]:
    """Every enrolment of these records, in the order in which they applied."""
    rows = await fetch(
        f"""select t.id, t.participant_id, c.programme_id, g.section, c.name, {columns("enrolment")}
            from enrolment t join cohort c on c.id = t.cohort_id join programme g on g.id = c.programme_id
            where t.participant_id = any($1::uuid[]) order by t.applied_at, t.id""",
        list(people),
    )
    own = ("id", "participant_id", "programme_id", "section", "name")
    return [
        Way(
            row["id"],
            row["participant_id"],
            row["programme_id"],
            row["section"],
            row["name"],
            {name: value for name, value in row.items() if name not in own},
        )
        for row in rows
    ]


# What hangs on an enrolment, and what stands beside it in words instead of as an id.
_PARTS: Mapping[str, tuple[str, str, str]] = {
    "seat": ("", "", "t.number"),
    "queue_event": ("", "", "t.at, t.id"),
    "condition_met": ("", "", "t.condition"),
    "condition_unmet": ("", "", "t.condition"),
    "study_visit": (
        ", s.starts_at, v.name as venue",
        "join visit_slot s on s.id = t.slot_id join venue v on v.id = s.venue_id",
        "s.starts_at",
    ),
    "agreement": (", a.kind, a.version", "join agreement_text a on a.id = t.text_id", "t.accepted_at, a.kind"),
    "place_session": ("", "", "t.ends_at"),
    "can_then": ("", "", "t.asked_at"),
    "attendance": (", s.starts_at", "join cohort_session s on s.id = t.session_id", "s.starts_at"),
    "notice": (
        ", s.starts_at as session, array(select failed_at from notice_attempt n where n.notice_id = t.id order by failed_at)"
        " as failed_at, array(select at from notice_call n where n.notice_id = t.id and not n.reached order by at)"
        " as rung_at",
        "left join cohort_session s on s.id = t.session_id",
        "t.created_at, t.id",
    ),
    "feed": (", e.key_id", "join enrolment e on e.id = t.enrolment_id", "t.created_at"),
}
PARTS = tuple(_PARTS)


async def parts_of(enrolment_ids: Sequence[UUID]) -> Mapping[UUID, Mapping[str, list[Row]]]:
    """What hangs on each of these enrolments, by table: one statement for each table, however many there are."""
    found: dict[UUID, dict[str, list[Row]]] = defaultdict(lambda: {table: [] for table in _PARTS})
    for table, (beside, joined, order) in _PARTS.items():
        rows = await fetch(
            f"""select t.enrolment_id, {columns(table)}{beside} from {table} t {joined}
                where t.enrolment_id = any($1::uuid[]) order by {order}""",
            list(enrolment_ids),
        )
        for row in rows:
            found[row["enrolment_id"]][table].append({name: v for name, v in row.items() if name != "enrolment_id"})
    return found


async def records_of(people: Sequence[UUID]) -> Mapping[UUID, Row]:
    """The records themselves, sealed, with the checks of identity, the holds on and the looks at each."""
    rows = await fetch(
        f"""select t.id, {columns("participant")} from participant t where t.id = any($1::uuid[])""", list(people)
    )
    checks = await fetch(
        f"""select t.participant_id, {columns("identity_check")} from identity_check t
            where t.participant_id = any($1::uuid[]) order by t.at, t.id""",
        list(people),
    )
    holds = await fetch(
        f"""select t.participant_id, {columns("retention_hold")} from retention_hold t
            where t.participant_id = any($1::uuid[]) order by t.set_at, t.id""",
        list(people),
    )
    looks = await fetch(
        f"""select t.participant_id, {columns("record_look")}, c.name as "group" from record_look t
            left join cohort c on c.id = t.cohort_id where t.participant_id = any($1::uuid[]) order by t.at, t.id""",
        list(people),
    )

    def of(person_id: UUID, found: Sequence[Row]) -> list[Row]:
        mine = (row for row in found if row["participant_id"] == person_id)
        return [{name: value for name, value in row.items() if name != "participant_id"} for row in mine]

    beside = {"identity_checks": checks, "retention_holds": holds, "looks": looks}
    return {row["id"]: {**dict(row), **{name: of(row["id"], found) for name, found in beside.items()}} for row in rows}
