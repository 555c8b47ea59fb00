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
from programmes.demo.place import Place
from programmes.demo.staff import hire
from programmes.demo.town import StoryClock, Town
from programmes.settings import Settings

Story = Callable[[Town], Awaitable[None]]

# Told in this order; each begins in the past and ends now.
STORIES: list[tuple[str, Story]] = []


async def load(place: Place, settings: Settings, now: datetime, say: Callable[[str], None]) -> None:
    """Load an empty, migrated database. Interrupted, it is thrown away and begun anew (see `demo.command`)."""
    await open_pool(settings.worker_database_url, 4)
    connection = await asyncpg.connect(settings.worker_database_url)
    try:
        clock = StoryClock(now - timedelta(weeks=40))
        keys = KeyFolder(settings.key_folder)
        town = Town(keys, worker.Worker(settings, clock, keys, connection), clock, now)
        password = _password()
        await hire(town, password)
        for number, (title, story) in enumerate(STORIES, start=1):
            say(f"loading {number} of {len(STORIES)}: {title}")
            await story(town)
        clock.set(now)
        await town.work()
        _keep(place, {"password": password, "ballots": town.ballots})
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
