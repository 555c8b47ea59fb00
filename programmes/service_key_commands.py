"""`programmes keys lost service` in a shell: others are made in the place of keys that are lost, and what follows."""

import asyncio
import sys
from dataclasses import dataclass

from programmes.calendar import astray_services
from programmes.core import folder_marks, service_keys
from programmes.core.clock import SystemClock
from programmes.core.db import close_pool, open_pool
from programmes.core.restore_marks import restore_of
from programmes.core.sealing import KeyFolder, KeysAway
from programmes.doctor import service_key_checks
from programmes.people import factor_services
from programmes.settings import Settings


@dataclass(frozen=True)
class _Lost:
    """Which keys are missing, of how many calendars the address was made with another key than there is, and whose secrets
    of a code app lie under another one."""

    gone: list[str]
    calendars: int
    accounts: list[str]


async def _look(keys: KeyFolder) -> _Lost:
    gone = await service_key_checks.gone(keys.folder)
    astray = [] if "feed" in gone else await astray_services.astray(keys)
    return _Lost(gone, len(astray), [] if "second-factor" in gone else await factor_services.unreadable(keys))


async def _give_up(settings: Settings, yes: bool) -> _Lost:
    """What is lost; with `yes` others are made in the place of the keys, and every calendar has an address of the one that
    there is.

    Raises:
        KeysAway: the folder is not the one that the database's rows belong to, or it refuses.
    """
    if restore_of(settings.key_folder):
        raise KeysAway("what a backup brought back is not erased again yet: start the worker first")
    keys = KeyFolder.there(settings.key_folder)
    await open_pool(settings.worker_database_url, 2)
    try:
        if await folder_marks.known("keys") not in {None, keys.mark}:
            raise KeysAway("the key folder is not the one that the database's rows belong to")
        lost = await _look(keys)
        if not yes:
            return lost
        service_keys.give_up(keys.folder, lost.gone)
        # Broken off between the two it is said again: doctor counts the calendars.
        renewed = await astray_services.address_anew(keys, SystemClock().now())
        return _Lost(lost.gone, renewed, await factor_services.unreadable(keys))
    finally:
        await close_pool()


def _in_words(lost: _Lost, yes: bool) -> list[str]:
    told = []
    if lost.gone:
        names = ", ".join(lost.gone)
        made = f"Known as lost from now on: {names}. Others are made in their place."
        told.append(made if yes else f"Missing, or damaged: {names}.")
        if yes and "csrf" in lost.gone:
            told.append("Restart the web processes. Forms that were open have to be loaded again.")
    if lost.calendars and yes:
        told.append(f"{lost.calendars} calendars have another address. Those from before end: everybody subscribes anew.")
    elif lost.calendars:
        told.append(f"{lost.calendars} calendars have an address under another key than there is.")
    if lost.accounts:
        told.append("These cannot sign in with their code app: programmes staff second-factor reset for each.")
        told.extend(f"  {name}" for name in lost.accounts)
    return told


def lost_of_service(settings: Settings, yes: bool) -> int:
    """Long-lived keys that are away are lost, and others are made in their place."""
    try:
        lost = asyncio.run(_give_up(settings, yes))
    except KeysAway as error:
        print(f"Nothing was changed: {error}.", file=sys.stderr)
        return 1
    if not (lost.gone or lost.calendars):
        print("\n".join(["No such key is missing.", *_in_words(lost, yes)]))
        return 0
    if yes:
        print("\n".join(_in_words(lost, yes)))
        return 0
    print("\n".join([*_in_words(lost, yes), *_sure(lost)]), file=sys.stderr)
    return 2


def _sure(lost: _Lost) -> list[str]:
    """What `--yes` would do."""
    told = ["If every copy of them is lost: say --yes. Others are made in their place."] if lost.gone else []
    if "feed" in lost.gone:
        told.append("Every calendar gets another address then. The one that it has ends, and everybody subscribes anew.")
    elif lost.calendars:
        told.append("If every copy of the key that they were made with is lost: say --yes. They get another address then.")
    return told
