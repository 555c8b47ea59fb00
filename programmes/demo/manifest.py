"""`.data/demo.json`: what runs where, for people's scripts and outside tools (DESIGN 10)."""

import json
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from programmes.calendar.rules import Feed
from programmes.calendar.services import feed_address
from programmes.catalogue import queries as catalogue
from programmes.core.codes import digest
from programmes.core.db import close_pool, open_pool
from programmes.core.sealing import KeyFolder
from programmes.demo.place import DemoError, Place
from programmes.demo.staff import COLLEAGUES
from programmes.enrolment import queries as enrolment
from programmes.enrolment.services import not_open
from programmes.settings import Settings

_COHORTS = """
select c.id, c.programme_id, p.section, c.state, c.public_id, c.maximum
from cohort c join programme p on p.id = c.programme_id where c.state <> 'planned' order by p.position, c.id
"""
# How many events a calendar shows as taking place: sessions, and in a leader's also the study visits on offer.
_FEEDS = """
select f.id, f.kind, f.generation,
       (select count(*) from cohort_session s join cohort c on c.id = s.cohort_id
        where s.state <> 'cancelled' and c.state <> 'cancelled'
        and (c.id in (f.cohort_id, f.group_id) or c.id = e.cohort_id
             or exists (select from cohort_staff w where w.cohort_id = c.id and w.staff_id = f.staff_id)))
       + (select count(*) from visit_slot v join cohort c on c.id = v.cohort_id and c.state <> 'cancelled'
          where v.staff_id = f.staff_id and v.cancelled_at is null) as sessions
from feed f left join enrolment e on e.id = f.enrolment_id where f.id = any($1::uuid[]) and f.revoked_at is null
order by f.created_at, f.id
"""


async def write(place: Place, settings: Settings, now: datetime) -> dict[str, Any]:
    """Write the file anew from the database as it is, whole or not at all; returns what it says.

    Raises:
        DemoError: the demo's own secrets are gone, and the database without them is of no use.
    """
    try:
        kept: dict[str, Any] = json.loads(place.secrets.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DemoError("The demo's database is here but its password is gone. Begin anew: make reset") from None
    connection = await asyncpg.connect(settings.database_url)
    await open_pool(settings.web_database_url, 1)
    try:
        told = {
            "base_url": settings.base_url,
            "accounts": [{"role": c.told, "user": c.user, "password": kept["password"]} for c in COLLEAGUES],
            "cohorts": await _cohorts(connection, settings.base_url, now),
            "feeds": await _feeds(connection, [UUID(feed) for feed in kept["feeds"]], settings),
            "ballots": [await _ballot(connection, ballot, settings.base_url) for ballot in kept["ballots"]],
        }
    finally:
        await close_pool()
        await connection.close()
    draft = place.manifest.with_suffix(".draft")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(told, out, ensure_ascii=False, indent=1)
    draft.replace(place.manifest)
    return told


async def _free(rows: Sequence[asyncpg.Record], now: datetime) -> dict[int, int]:
    """Places that somebody could take on the web now, by cohort: none while anyone queues, or where one just comes."""
    programmes = await catalogue.programmes({row["programme_id"] for row in rows})
    held = await enrolment.places([row["id"] for row in rows], now)
    found = {}
    for row in rows:
        places = held[row["id"]]
        by_web = programmes[row["programme_id"]].way_in == "web"
        may_enter = by_web and not places.someone_waits and await not_open(row["id"], now) is None
        found[row["id"]] = max(0, row["maximum"] - places.held) if may_enter else 0
    return found


async def _cohorts(connection: asyncpg.Connection, base_url: str, now: datetime) -> list[dict[str, object]]:
    rows = await connection.fetch(_COHORTS)
    free = await _free(rows, now)
    return [
        {
            "programme": row["section"],
            "state": row["state"],
            "enrol_url": f"{base_url}/anmalan/{row['public_id']}",
            "maximum": row["maximum"],
            "free": free[row["id"]],
        }
        for row in rows
    ]


async def _feeds(connection: asyncpg.Connection, feeds: list[UUID], settings: Settings) -> list[dict[str, object]]:
    keys = KeyFolder.there(settings.key_folder)
    found = []
    for row in await connection.fetch(_FEEDS, feeds):
        address = feed_address(Feed(row["id"], row["kind"], row["generation"]), keys)
        discreet = row["kind"] == "participant"
        found.append({"url": settings.base_url + address, "sessions": row["sessions"], "discreet": discreet})
    return found


async def _ballot(connection: asyncpg.Connection, ballot: dict[str, Any], base_url: str) -> dict[str, object]:
    """A ballot with those of its codes that nobody has used."""
    left = await connection.fetch("select id from slip where id = any($1::bytea[])", [digest(c) for c in ballot["codes"]])
    unused = {row["id"] for row in left}
    codes = [code for code in ballot["codes"] if digest(code) in unused]
    return {"programme": ballot["programme"], "codes": codes, "evaluate_url": f"{base_url}/u"}


def told(written: dict[str, Any]) -> Iterator[str]:
    """What to print when everything runs."""
    base = written["base_url"]
    yield f"ready. For everybody: {base}/   For staff: {base}/logga-in"
    for account in written["accounts"]:
        yield f"   {account['role']:<14} {account['user']:<6} {account['password']}"
    yield "Mail is written to .data/mail, everything for scripts to .data/demo.json. Stop with Ctrl-C."
