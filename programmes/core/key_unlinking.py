"""The files of one key go: what lies in its place, beside it while it is rotated or written, and aside. No receipt is
written here: that is whose key it is (`sealing`)."""

import contextlib
import uuid
from collections.abc import Iterable
from pathlib import Path

from programmes.core import key_quarantine
from programmes.core.key_files import drafts_of, ids_in, last_of, next_of
from programmes.core.key_paths import KeysAway, Spot


def unlink_key(folder: Path, path: Spot) -> bool:
    """Remove a key, what lies beside it while it is rotated and what lies aside of it, on disk before returning; whether
    there was any.

    Raises:
        KeysAway, OSError: something of it is left, and what could go is gone.
    """
    # First where it opens something: what lies aside can be looked for by whoever comes back to it.
    try:
        there = _unlink_all((next_of(path), last_of(path), path))
        there |= _unlink_all(drafts_of(path))
    finally:
        with contextlib.suppress(FileNotFoundError):
            path.parent.sync()
        aside = key_quarantine.aside_of(folder, path.parent.parent.name, uuid.UUID(path.stem))
        lay_aside = _unlink_all(aside)
        key_quarantine.remove_empty(aside)
    return there or lay_aside


def unlink_again(folder: Path, named: Iterable[tuple[uuid.UUID, Spot]]) -> int:
    """Of all keys that are named, remove those that lie below the folder; returns how many. One that something stands in the
    way of stays."""
    # The folder is read once: there may be many more names than keys.
    lying = ids_in(folder)
    gone = 0
    for key_id, path in named:
        if key_id in lying:
            with contextlib.suppress(KeysAway, OSError):
                gone += unlink_key(folder, path)
    return gone


def discard_key(path: Spot) -> None:
    """Remove a key that sealed nothing which is kept, and what lies beside it."""
    for found in (next_of(path), last_of(path), path, *drafts_of(path)):
        found.unlink()


def _unlink_all(spots: Iterable[Spot]) -> bool:
    """Remove each, also when another one cannot be; whether there was any.

    Raises:
        KeysAway, OSError: one is left, and all others are gone.
    """
    there, refused = False, None
    for spot in spots:
        try:
            there |= spot.unlink()
        except (KeysAway, OSError) as error:
            refused = error
    if refused is not None:
        raise refused
    return there
