"""Keys without a row and without a receipt, moved aside: they come back with their row, and go when their days are over.

`<folder>/aside/<day>/<kind>/<id>.key`. A day is a local day of the injected clock: what a file system says of a file is not.
"""

import contextlib
import uuid
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from pathlib import Path

from programmes.core.key_files import away_when_refused, drafts_of, last_of, next_of
from programmes.core.key_paths import KeysAway, Spot

_ASIDE = "aside"


def aside_of(folder: Path, kind: str, key_id: uuid.UUID) -> list[Spot]:
    """Every file of a key that lies aside. What no program of ours has put there is passed over: it may hold up no erasure
    (decision 70), and the doctor tells of it.

    Raises:
        OSError: the folder of a day is closed to us, so that nobody knows what lies there.
    """
    days = Spot(folder) / _ASIDE
    return [
        days / day / kind / name
        for day in _names(days)
        if _is_day(day)
        for name in _names(days / day / kind)
        if name.startswith(f"{key_id}.") and _is_file(days / day / kind / name)
    ]


def _names(folder: Spot) -> list[str]:
    """What lies in a folder; nothing where a link or a file lies in its place."""
    try:
        return folder.names()
    except KeysAway:
        return []


def _is_day(name: str) -> bool:
    try:
        return date.fromisoformat(name).isoformat() == name
    except ValueError:
        return False


def _is_file(at: Spot) -> bool:
    try:
        return at.exists()
    except KeysAway:
        return False


def set_aside(folder: Path, path: Spot, kind: str, day: date) -> None:
    """Move a key, and what lies beside it while it is rotated, where nothing opens with it."""
    to = Spot(folder) / _ASIDE / day.isoformat() / kind
    with away_when_refused():
        to.make()
        # The key itself last: broken off in between, it is done again.
        for found in (next_of(path), last_of(path), path):
            with contextlib.suppress(FileNotFoundError):
                found.rename(to / found.name)
        for draft in drafts_of(path):
            draft.unlink()
        for changed in (to, to.parent, to.parent.parent, path.parent):
            changed.sync()


def aside(folder: Path) -> Iterator[tuple[date, str, uuid.UUID]]:
    """Every key that lies aside: since which day, of which kind, which. Nothing where a link lies in the place of the
    folder (`aside_of`)."""
    found = []
    with contextlib.suppress(KeysAway):
        found = sorted((Spot(folder) / _ASIDE).files())
    for path, _told in found:
        if len(path.parts) == 4 and path.suffix == ".key":
            with contextlib.suppress(ValueError):
                yield date.fromisoformat(path.parts[1]), path.parts[2], uuid.UUID(path.stem)


def bring_back(folder: Path, path: Spot, kind: str) -> bool:
    """Put a key back in its place, unless one lies there; whether it was."""
    if path.exists():
        return False
    with away_when_refused():
        found = aside_of(folder, kind, uuid.UUID(path.stem))
        path.parent.make()
        for one in found:
            one.rename(path.with_suffix(one.suffix))
        path.parent.sync()
        remove_empty(found)
    return bool(found)


def remove_empty(gone: Iterable[Spot]) -> None:
    """Of files that lay aside and do no longer, on disk before returning: also the folders that held nothing else."""
    for path in gone:
        # Kind, day, and that of all days.
        for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
            try:
                folder.rmdir()
            except OSError:
                with contextlib.suppress(FileNotFoundError):
                    folder.sync()
                    break


def drop_aside(folder: Path, before: date, kept: Collection[uuid.UUID]) -> int:
    """Remove the keys that were set aside before a day, but for some; returns how many."""
    gone = 0
    for day, kind, key_id in list(aside(folder)):
        if day < before and key_id not in kept:
            for path in aside_of(folder, kind, key_id):
                path.unlink()
                remove_empty([path])
            gone += 1
    return gone
