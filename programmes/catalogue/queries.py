"""Reads of the catalogue: programmes as the office reads them on a day."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

import msgspec

from programmes.catalogue.reading_rules import Choice, Readings
from programmes.catalogue.rules import AgeAsked, Programme, Value
from programmes.core.db import fetch, fetchval
from programmes.core.errors import NotFound

# Editions never change, so what has been read once may be kept; the office's own readings are read afresh.
_kept: dict[int, Programme] = {}


async def programme(programme_id: int) -> Programme:
    """A programme with the readings in force. Raises NotFound."""
    found = await programmes([programme_id])
    if programme_id not in found:
        raise NotFound
    return found[programme_id]


async def readings(programme_id: int) -> Readings:
    """A programme with all readings there have been, for what was decided by an earlier one. Raises NotFound."""
    await _keep([programme_id])
    if programme_id not in _kept:
        raise NotFound
    rows = await fetch(
        "select key, value, chosen_at from interpretation_choice where section = $1 order by id", _kept[programme_id].section
    )
    return Readings(_kept[programme_id], tuple(Choice(row["key"], _value(row["value"]), row["chosen_at"]) for row in rows))


async def reading_at(section: str, key: str, at: datetime) -> str:
    """What the office had written for an unclear point at a time; empty when nothing was."""
    found = await fetchval(
        """select value from interpretation_choice where section = $1 and key = $2 and chosen_at <= $3
           order by id desc limit 1""",
        section,
        key,
        at,
    )
    return str(msgspec.json.decode(found)) if found else ""


async def programmes(programme_ids: Iterable[int]) -> dict[int, Programme]:
    """Programmes by id, of whatever edition, with the readings in force. Unknown ids are left out."""
    wanted = list(programme_ids)
    await _keep(wanted)
    chosen = await _choices()
    return {i: _kept[i].reread(chosen.get(_kept[i].section, {})) for i in wanted if i in _kept}


async def uncounted(programme_ids: Iterable[int]) -> set[int]:
    """Those among programmes, of whatever edition, whose people may not be counted: no file has a number of them. How the
    office reads a section changes nothing of it."""
    wanted = list(programme_ids)
    await _keep(wanted)
    return {i for i in wanted if i in _kept and not _kept[i].people_counted}


async def ages_asked(programme_ids: Iterable[int]) -> dict[int, AgeAsked]:
    """How programmes, of whatever edition, ask for an age. How the office reads a section changes nothing of it."""
    wanted = list(programme_ids)
    await _keep(wanted)
    return {i: _kept[i].age_asked for i in wanted if i in _kept}


async def in_force(on: date) -> list[tuple[int, Programme]]:
    """The programmes of the edition in force on a day, in the guideline's order. Before the first edition: none."""
    rows = await fetch(
        """select id from programme where edition_id =
             (select id from edition where valid_from <= $1 order by valid_from desc, id desc limit 1) order by position""",
        on,
    )
    found = await programmes([row["id"] for row in rows])
    return list(found.items())


async def in_force_in(year: int) -> list[Programme]:
    """The programmes by which a year is judged: of the edition in force on its last day, also one that is in store for it
    (decision 62)."""
    return [programme for _id, programme in await in_force(date(year, 12, 31))]


async def in_force_or_gone(on: date) -> list[Programme]:
    """The programmes of the edition in force on a day, and after them sections that only earlier ones had, each as the last
    that had it. An address that another programme has now is told apart by the section."""
    rows = await fetch(
        """select id from (
             select distinct on (p.section) p.id, e.valid_from, e.id as edition, p.position
             from programme p join edition e on e.id = p.edition_id where e.valid_from <= $1
             order by p.section, e.valid_from desc, e.id desc) as newest
           order by valid_from desc, edition desc, position""",
        on,
    )
    found: dict[str, Programme] = {}
    for one in (await programmes([row["id"] for row in rows])).values():
        slug = f"{one.slug}-{one.section}" if one.slug in found else one.slug
        found[slug] = replace(one, slug=slug)
    return list(found.values())


async def digests() -> frozenset[bytes]:
    """The SHA-256 of the data file of every edition that is stored."""
    return frozenset(row["digest"] for row in await fetch("select digest from edition"))


async def in_force_since(on: date) -> date | None:
    """From which day the edition that is in force on a day is; None before the first."""
    found: date | None = await fetchval("select max(valid_from) from edition where valid_from <= $1", on)
    return found


async def guideline(on: date) -> Mapping[str, object] | None:
    """What the edition in force on a day says for all sections; None where it was stored without that, or there is none."""
    facts = await fetchval("select facts from edition where valid_from <= $1 order by valid_from desc, id desc limit 1", on)
    return _facts(facts)


def _facts(stored: str | None) -> Mapping[str, object] | None:
    return None if stored is None else msgspec.json.decode(stored, type=dict[str, object])


async def coming(after: date) -> list[tuple[date, str, list[Programme], Mapping[str, object] | None]]:
    """The editions that take effect after a day, the first first: the day, the diary number, the programmes, and what is
    said for all of them, as `guideline` has it."""
    rows = await fetch(
        """select e.valid_from, e.diary_number, e.facts, array_agg(p.id order by p.position) as ids
           from edition e join programme p on p.edition_id = e.id where e.valid_from > $1
           group by e.id order by e.valid_from, e.id""",
        after,
    )
    found = await programmes([i for row in rows for i in row["ids"]])
    return [(row["valid_from"], row["diary_number"], [found[i] for i in row["ids"]], _facts(row["facts"])) for row in rows]


async def sections() -> frozenset[str]:
    """The sections of every programme there is or has been."""
    return frozenset(row["section"] for row in await fetch("select distinct section from programme"))


async def by_slug(slug: str, on: date) -> tuple[int, Programme]:
    """A programme of the edition in force, by its address. Raises NotFound."""
    for programme_id, found in await in_force(on):
        if found.slug == slug:
            return programme_id, found
    raise NotFound


async def by_section(section: str, on: date) -> tuple[int, Programme]:
    """A programme of the edition in force, by its section. Raises NotFound."""
    for programme_id, found in await in_force(on):
        if found.section == section:
            return programme_id, found
    raise NotFound


async def _keep(wanted: list[int]) -> None:
    missing = [i for i in wanted if i not in _kept]
    if not missing:
        return
    for row in await fetch("select id, data from programme where id = any($1::int[])", missing):
        _kept[row["id"]] = msgspec.json.decode(row["data"], type=Programme)


async def _choices() -> Mapping[str, Mapping[str, Value]]:
    """The newest choice of each point, by section."""
    rows = await fetch(
        "select distinct on (section, key) section, key, value from interpretation_choice order by section, key, id desc"
    )
    chosen: dict[str, dict[str, Value]] = {}
    for row in rows:
        chosen.setdefault(row["section"], {})[row["key"]] = _value(row["value"])
    return chosen


def _value(stored: str) -> Value:
    return msgspec.json.decode(stored, type=bool | int | str)
