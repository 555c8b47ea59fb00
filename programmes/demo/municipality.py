"""The demo's municipality, made only through the features' services, as people would make it."""

import json
import os
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import asyncpg

from programmes import worker
from programmes.core.codes import ALPHABET
from programmes.core.db import close_pool, open_pool
from programmes.core.sealing import KeyFolder
from programmes.demo import finished, looks, past, running, starts
from programmes.demo.place import Place
from programmes.demo.staff import hire
from programmes.demo.town import StoryClock, Town
from programmes.settings import Settings

Story = Callable[[Town], Awaitable[None]]

# Told in this order; each begins in the past and ends now.
STORIES: list[tuple[str, Story]] = [
    ("an edition for the years before the guideline's", past.edition),
    ("conditions and rules to accept", starts.agreement_texts),
    ("the school's next break", starts.days_off),
    ("two years that are over, with reports to establish", past.years),
    ("a parenting course that is over", finished.parents),
    ("a relapse prevention group that is over", finished.relapse_prevention),
    ("a gambling group in its sixth week", running.gambling_group),
    ("two groups with slips for their evaluation", running.groups_with_slips),
    ("series of talks", running.series),
    ("places where people just come", running.open_houses),
    ("a relapse prevention group with places left", starts.relapse_prevention_with_places),
    ("one that is full, with a queue", starts.relapse_prevention_with_queue),
    ("a parenting course to come", starts.parenting_course),
    ("a group for relatives that is short of its minimum", starts.relatives_group_short),
    ("groups for children", starts.childrens_groups),
    ("a group for people in debt", starts.debt_group),
    ("a start that is only planned", starts.planned_for_later),
    ("an access log to go through", looks.at_records),
]


async def load(place: Place, settings: Settings, now: datetime, say: Callable[[str], None]) -> None:
    """Load an empty, migrated database. Interrupted, it is thrown away and begun anew (see `demo.command`)."""
    # The owner's role: the loader is office, public and worker at once.
    await open_pool(settings.database_url, 4)
    connection = await asyncpg.connect(settings.database_url)
    try:
        clock = StoryClock(now - timedelta(weeks=40))
        keys = KeyFolder(settings.key_folder)
        town = Town(keys, worker.Worker(settings, clock, keys, connection), clock, now)
        password = _password()
        await hire(town, password)
        for number, (title, story) in enumerate(STORIES, start=1):
            say(f"loading {number} of {len(STORIES)}: {title}")
            await story(town)
        await town.work(now)
        _keep(place, {"password": password, "ballots": town.ballots, "feeds": [str(feed) for feed in town.feeds]})
    finally:
        await connection.close()
        await close_pool()


def _password() -> str:
    """One for all demo accounts, another in every installation, easy to type."""
    return "demo-" + "-".join("".join(secrets.choice(ALPHABET.lower()) for _ in range(4)) for _ in range(2))


def _keep(place: Place, found: dict[str, object]) -> None:
    handle = os.open(place.secrets, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(found, out)
