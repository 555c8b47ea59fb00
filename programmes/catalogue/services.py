"""Storing editions, and the office's own readings of what is unclear."""

from datetime import datetime

import msgspec

from programmes.catalogue.edition_file import Edition
from programmes.catalogue.file_services import EDITIONS, read_edition
from programmes.catalogue.reading_rules import can_be_looked_up
from programmes.catalogue.rules import Programme, Value
from programmes.core.audit import note
from programmes.core.clock import local_date
from programmes.core.db import execute, fetch, fetchval, transaction
from programmes.core.errors import Conflict, NotFound
from programmes.core.naming_rules import leads_beside_a_decision


async def load_editions(now: datetime) -> None:
    """Store every edition of this release. Safe to run again.

    Raises:
        EditionError: a data file cannot be used; nothing of it is stored.
    """
    for path in sorted(EDITIONS.glob("*.toml")):
        await load_edition(read_edition(path), now)


async def editions_to_come() -> list[str]:
    """What `load_editions` would store, in words. Nothing is written."""
    if await fetchval("select to_regclass('programme') is null"):
        return ["the guideline's edition would be stored"]
    told = []
    for path in sorted(EDITIONS.glob("*.toml")):
        edition = read_edition(path)
        sql = "select p.slug, p.data from programme p join edition e on e.id = p.edition_id where e.digest = $1"
        stored = {row["slug"]: row["data"] for row in await fetch(sql, edition.digest)}
        if not stored:
            told.append(f"the guideline's edition {edition.diary_number} would be stored")
        elif changed := sum(_differs(stored.get(each.slug), each) for each in edition.programmes):
            told.append(f"{changed} programmes of edition {edition.diary_number} would be written down as this release does")
    return told


async def load_edition(edition: Edition, now: datetime) -> int:
    """Store an edition once, known by the digest of its file, and return its id.

    A changed file is another edition: cohorts keep the one they were opened under. Only how a release writes down the
    same file may differ, and then the rows follow.
    """
    async with transaction():
        edition_id: int = await fetchval(
            """insert into edition (diary_number, valid_from, revised_on, digest, loaded_at, facts)
               values ($1, $2, $3, $4, $5, $6)
               on conflict (digest) do update set facts = excluded.facts returning id""",
            edition.diary_number,
            edition.valid_from,
            edition.revised_on,
            edition.digest,
            now,
            msgspec.json.encode(edition.facts).decode(),
        )
        for position, programme in enumerate(edition.programmes):
            await _store(edition_id, position, programme)
    return edition_id


async def _store(edition_id: int, position: int, programme: Programme) -> None:
    await execute(
        """insert into programme (edition_id, position, section, slug, form, doc_level, way_in,
                                  participants_min, participants_max, starts_per_year, data)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
           on conflict (edition_id, slug) do update set data = excluded.data where programme.data <> excluded.data""",
        edition_id,
        position,
        programme.section,
        programme.slug,
        programme.form,
        programme.doc_level,
        programme.way_in,
        programme.participants_min,
        programme.participants_max,
        programme.starts_per_year_min,
        _written(programme),
    )


def _written(programme: Programme) -> str:
    return msgspec.json.encode(programme).decode()


def _differs(stored: str | None, programme: Programme) -> bool:
    return stored is None or msgspec.json.decode(stored) != msgspec.json.decode(_written(programme))


async def choose_reading(programme: Programme, key: str, value: Value, staff_id: int, now: datetime) -> None:
    """Read an unclear point another way from now on, for every edition's section of that number (DESIGN 3).

    Raises:
        NotFound: the section has no such point, or its reading is built into the rules.
        Conflict: `not_an_option`, or a reference that leads to somebody (decision 87).
    """
    reading = next((i for i in programme.interpretations if i.key == key), None)
    if reading is None or not reading.changeable:
        raise NotFound
    if not reading.allows(value) or (not reading.options and not can_be_looked_up(str(value))):
        raise Conflict("not_an_option")
    if not reading.options and leads_beside_a_decision(str(value), local_date(now)):
        raise Conflict("not_an_option")
    async with transaction():
        await execute(
            "insert into interpretation_choice (section, key, value, chosen_by, chosen_at) values ($1, $2, $3, $4, $5)",
            programme.section,
            key,
            msgspec.json.encode(value).decode(),
            staff_id,
            now,
        )
        await note("interpretation:choose", f"section/{programme.section}/{key}", staff_id, now)
