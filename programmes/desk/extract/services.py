"""A person's own extract: everything that is kept about somebody who is documented, for them and nobody else."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from programmes.calendar.services import own_title
from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.core import audit
from programmes.core.db import execute, transaction
from programmes.core.errors import Conflict, Forbidden, NotFound
from programmes.core.principal import Principal
from programmes.core.retention import amount_of
from programmes.core.sealing import KeyFolder
from programmes.desk.extract import queries
from programmes.desk.extract.queries import Check, Row, Way
from programmes.desk.extract.rules import (
    FORMAT,
    GOOD_FOR,
    HOWS,
    VERSION,
    Candidate,
    How,
    Kept,
    kept_until,
    plain,
    still_good,
    ways_for,
)
from programmes.enrolment.person.note_queries import last_notes
from programmes.enrolment.queries import EnrolmentFacts, several
from programmes.enrolment.records.services import record_of
from programmes.enrolment.roster import label_of
from programmes.enrolment.rules import ALIVE
from programmes.people import records
from programmes.people.looks import Look
from programmes.people.lookup_rules import name_of, number_of
from programmes.people.records import PersonRecord

__all__ = ["GOOD_FOR", "HOWS", "How", "candidates", "check_identity", "covers", "extract", "good_check", "ways_for"]

Extract = dict[str, Any]
Kind = Literal["pdf", "json"]


@dataclass(frozen=True)
class Covered:
    """An enrolment that an extract covers: what staff call whose it is, and the group."""

    label: str
    group: str
    protected: bool


@dataclass(frozen=True)
class _Reach:
    """What an extract covers, and what looks like the same person's beside it."""

    covered: Sequence[tuple[Way, EnrolmentFacts]]
    beside: Sequence[tuple[Way, EnrolmentFacts]]


async def _reach(facts: EnrolmentFacts, who: Principal, keys: KeyFolder, now: datetime) -> _Reach:
    """The enrolments of this record in the programmes that this member of staff coordinates; of others nothing is said.

    A number may be typed by anybody, so it joins no record to another by itself: this member of staff must have read it off
    the document that was shown, just now, on the page of each (decision 35).
    """
    if facts.participant_id is None:
        raise NotFound
    people = await records.same_number(facts.participant_id, keys)
    just_now = await queries.numbers_read(people, who.staff_id, now - GOOD_FOR)
    joined = {facts.participant_id, *(just_now if facts.participant_id in just_now else ())}
    ways = [way for way in await queries.ways_of(people) if who.coordinates(way.section)]
    read = {one.enrolment_id: one for one in await several(way.enrolment_id for way in ways)}
    found = [(way, read[way.enrolment_id]) for way in ways]
    return _Reach(
        [one for one in found if one[0].participant_id in joined],
        [one for one in found if one[0].participant_id not in joined],
    )


async def covers(facts: EnrolmentFacts, look: Look, keys: KeyFolder, now: datetime) -> list[Covered]:
    """Whose data an extract would hold, for staff to see before they make it. Raises NotFound where nobody is documented."""
    reach = await _reach(facts, look.who, keys, now)
    return [Covered(label_of(one, keys, look), way.group, one.protected) for way, one in reach.covered]


async def candidates(facts: EnrolmentFacts, look: Look, keys: KeyFolder, now: datetime) -> list[Candidate]:
    """What else may be the same person's: with this number, name and birth date. Of who is protected, and of who has another
    name or birth date, nothing is said here: whoever types a number would be told by it where somebody else is."""
    mine = record_of(facts, keys, look)
    if mine is None:
        return []
    beside = [one for one in (await _reach(facts, look.who, keys, now)).beside if not one[1].protected]
    read = await queries.numbers_ever_read([way.participant_id for way, _one in beside])
    found = []
    for way, one in beside:
        other = record_of(one, keys, "rule")
        if other is not None and _alike(mine, other):
            label = label_of(one, keys, look)
            found.append(Candidate(label, way.group, one.cohort_id, one.enrolment_id, way.participant_id in read))
    return found


def _alike(one: PersonRecord, other: PersonRecord) -> bool:
    return (name_of(one.name), one.birth_date) == (name_of(other.name), other.birth_date)


async def _ways_to_check(facts: EnrolmentFacts, who: Principal, keys: KeyFolder, now: datetime) -> tuple[How, ...]:
    return ways_for(any(one.protected for _way, one in (await _reach(facts, who, keys, now)).covered))


async def check_identity(
    facts: EnrolmentFacts, how: How, who: Principal, keys: KeyFolder, now: datetime, number: str = ""
) -> None:
    """Note how staff made sure who asks, and the `number` that they read off the document, if they did: it is held against
    the record's, and kept nowhere.

    Raises:
        Forbidden: the way is not good enough for protected identity.
        Conflict: `other_number`, the number is not the record's. Nothing is noted.
    """
    if how not in await _ways_to_check(facts, who, keys, now):
        raise Forbidden
    read = how == "shown" and number != ""
    if read:
        record = record_of(facts, keys, "rule")
        if record is None or not record.number or number_of(number) != record.number:
            raise Conflict("other_number")
    async with transaction():
        await execute(
            """insert into identity_check (id, participant_id, staff_id, how, at, number_read)
               values ($1, $2, $3, $4, $5, $6)""",
            uuid.uuid4(),
            facts.participant_id,
            who.staff_id,
            how,
            now,
            read,
        )
        await audit.note("person:identity_check", f"participant/{facts.participant_id}", who.staff_id, now)


async def good_check(facts: EnrolmentFacts, who: Principal, keys: KeyFolder, now: datetime) -> Check | None:
    """The check by this member of staff that is good for an extract now, or None. One that was made before the identity
    became protected counts only if it is good enough for that."""
    found = await queries.checks(facts.participant_id, who.staff_id) if facts.participant_id else []
    good, ways = [check for check in found if still_good(check.at, now)], await _ways_to_check(facts, who, keys, now)
    return next((check for check in good if check.how in ways), None)


async def extract(
    facts: EnrolmentFacts, check: Check, kind: Kind, look: Look, keys: KeyFolder, municipality: str, now: datetime
) -> tuple[Extract, Mapping[str, Programme]]:
    """Everything that is kept about a person in the programmes that who looks coordinates, ready for JSON, and those
    programmes by their sections. The shape is in docs/registerutdrag.md. That it was taken out is noted.

    Raises:
        NotFound: nobody is documented.
        Conflict: `extract_unreadable`, a record can't be read. An extract with a part missing is none.
    """
    reach = (await _reach(facts, look.who, keys, now)).covered
    mine = list(dict.fromkeys(way.participant_id for way, _one in reach))
    details: dict[uuid.UUID, PersonRecord] = {}
    for way, one in reach:
        record = record_of(one, keys, look)
        if record is None:
            raise Conflict("extract_unreadable")
        details[way.participant_id] = record
    kept, parts = await queries.records_of(mine), await queries.parts_of([way.enrolment_id for way, _one in reach])
    noted, years = await last_notes(mine), await amount_of("protected_record")
    found = await catalogue.programmes({way.programme_id for way, _one in reach})
    programmes = {way.section: found[way.programme_id] for way, _one in reach}
    names = {section: programme.name for section, programme in programmes.items()}
    async with transaction():
        for person_id in mine:
            await audit.note(f"person:extract_{kind}", f"participant/{person_id}", look.who.staff_id, now)
    return {
        "format": FORMAT,
        "version": VERSION,
        "municipality": municipality,
        "made_at": plain(now),
        "identity_check": {"how": check.how, "at": plain(check.at)},
        "covers": [{"section": section, "programme": name} for section, name in sorted(names.items())],
        "records": [
            _record(
                kept[person_id],
                asdict(details[person_id]),
                [way for way, _one in reach if way.participant_id == person_id],
                parts,
                names,
                (noted.get(person_id), years),
                keys,
            )
            for person_id in mine
        ],
    }, programmes


def _record(
    kept: Row,
    details: Mapping[str, Any],
    ways: Sequence[Way],
    parts: Mapping[uuid.UUID, Mapping[str, list[Row]]],
    names: Mapping[str, str],
    retention: tuple[datetime | None, int],
    keys: KeyFolder,
) -> Extract:
    rule, until = kept_until((Kept(way.row["state"] not in ALIVE, way.row["only_waited"]) for way in ways), *retention)
    return {
        "details": {**details, "safe": list(details["safe"])},
        "protected_identity": kept["protected_identity"],
        "created_at": plain(kept["created_at"]),
        "changed_at": plain(kept["changed_at"]),
        "contact_changed_at": plain(kept["contact_changed_at"]),
        "retention": {"rule": rule, "years": retention[1], "kept_until": plain(until)},
        "enrolments": [
            {
                "section": way.section,
                "programme": names[way.section],
                "group": way.group,
                **_plain(way.row),
                **{table: [_part(row, keys) for row in rows] for table, rows in parts[way.enrolment_id].items()},
            }
            for way in ways
        ],
        "retention_holds": [_plain(row) for row in kept["retention_holds"]],
        "identity_checks": [_plain(row) for row in kept["identity_checks"]],
        "looks": [_plain(row) for row in kept["looks"]],
    }


def _part(row: Row, keys: KeyFolder) -> Extract:
    """One row of a table. A calendar's own title is opened; without one, or when it can't be read, it is empty."""
    if "sealed_title" not in row:
        return _plain(row)
    title = own_title(row["sealed_title"], row["key_id"], keys)
    return {**_plain({n: v for n, v in row.items() if n not in {"sealed_title", "key_id"}}), "title": title}


def _plain(row: Row) -> Extract:
    return {name: [plain(one) for one in value] if isinstance(value, list) else plain(value) for name, value in row.items()}
