"""Long-lived keys of the installation, each by its name in `service/` of the key folder, made when it is first asked for.

Beside a key lies `<name>.made` from then on, an empty file: by it a key that is away is told from one that never was. It is
in no copy of keys; what a copy brings back is noted when it is next asked for. A damaged one is as one that is away, and is
never overwritten: where another one takes its place it lies beside that as `<name>.damaged-…` (decision 108).
"""

import contextlib
import secrets
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeVar

import structlog

from programmes.core.key_files import (
    KEY_BYTES,
    KeyDamaged,
    away_when_refused,
    is_damaged,
    last_of,
    next_of,
    read_key,
    set_damaged_aside,
)
from programmes.core.key_paths import KeysAway, ServiceKeyAway, Spot

log = structlog.get_logger()
_Found = TypeVar("_Found")
# What is kept was sealed, hashed or addressed with these: another one in their place opens, finds and leads to nothing of
# it, and lies in the way of the right one when that is put back.
LASTING = frozenset({"second-factor", "search", "feed"})
_KEY, _MADE, _DAMAGED = ".key", ".made", ".damaged-"
# The mark of the whole folder: where that is none, the folder is not the right one (`sealing.KeyFolder`).
_MARK = "installation"


def read_or_make(at: Spot) -> bytes:
    """The key that lies here, made where it never was.

    Raises:
        ServiceKeyAway: it was there once, or is damaged, and another one would do harm.
        KeysAway: the folder refuses.
    """
    try:
        return read_key(at)
    except FileNotFoundError:
        if at.stem in LASTING and at.with_suffix(_MADE).exists():
            raise ServiceKeyAway(at.stem) from None
    except KeyDamaged:
        _out_of_the_way(at)
    with away_when_refused(), contextlib.suppress(FileExistsError):
        at.write(secrets.token_bytes(KEY_BYTES))
    note_made(at)
    return read_key(at)


def of_now(at: Spot, read: Callable[[Spot], _Found]) -> _Found:
    """What is read of the key that lies here and of those beside it while it is rotated.

    Raises:
        ServiceKeyAway: it was there once and is not now, or one of them is damaged, and another one would do harm.
        KeysAway: the folder refuses.
    """
    read_or_make(at)
    try:
        return read(at)
    except KeyDamaged:
        _out_of_the_way(at)
    read_or_make(at)
    return read(at)


def _out_of_the_way(at: Spot) -> None:
    """Of a damaged key that may be made anew the file lies beside it from now on. Raises ServiceKeyAway of any other."""
    if at.stem in LASTING:
        raise ServiceKeyAway(at.stem, damaged=True) from None
    for name in set_aside(at):
        log.error("service_key_damaged", key=at.stem, kept_as=name)


def set_aside(at: Spot) -> list[str]:
    """What is damaged of a key, and of those beside it while it is rotated, gets another name beside it; returns which.
    Raises KeysAway."""
    found = []
    for spot in (at, next_of(at), last_of(at)):
        name = damaged_name(spot)
        if set_damaged_aside(spot, name):
            found.append(name)
    return found


def damaged_name(at: Spot) -> str:
    """What a damaged key is called beside the one that takes its place."""
    return f"{at.stem}{_DAMAGED}{secrets.token_hex(4)}"


def note_made(at: Spot) -> None:
    """It lies here. Where that can't be noted it is the next time."""
    with contextlib.suppress(FileExistsError, KeysAway, OSError):
        if not at.with_suffix(_MADE).exists():
            at.with_suffix(_MADE).write(b"")


def note_all(folder: Path) -> None:
    """Whatever lies here, lies here: a key that is lost after this is known to have been there, though it was never asked
    for since it came with another release or from a copy."""
    with contextlib.suppress(KeysAway, OSError):
        service = Spot(folder) / "service"
        for name in service.names():
            if name.endswith(_KEY) and not name.startswith("."):
                note_made(service / name)


def damaged(folder: Path) -> dict[str, list[str]]:
    """The names of those that are damaged in this key folder, each with the files that are: itself, and what lies beside it
    while it is rotated. Nothing of them is read.

    Raises:
        KeysAway, OSError: it can't be looked into.
    """
    service = Spot(folder) / "service"
    found: dict[str, list[str]] = {}
    for name in service.names():
        at = service / name
        if at.suffix in {_KEY, next_of(at).suffix, last_of(at).suffix} and not name.startswith(".") and is_damaged(at):
            found.setdefault(at.stem, []).append(name)
    return found


def kept_aside(folder: Path) -> list[str]:
    """The names of damaged files that lie beside those that took their place. Raises KeysAway, OSError."""
    return [name for name in (Spot(folder) / "service").names() if _DAMAGED in name and not name.startswith(".")]


def missing(folder: Path) -> list[str]:
    """The names of those that lay in this key folder once, and do not now, or are damaged. Makes nothing.

    Raises:
        KeysAway, OSError: it can't be looked into.
    """
    names = (Spot(folder) / "service").names()
    made = {name.removesuffix(_MADE) for name in names if name.endswith(_MADE) and not name.startswith(".")}
    away = {name for name in made if f"{name}{_KEY}" not in names}
    return sorted((away | damaged(folder).keys()) - {_MARK})


def give_up(folder: Path, names: Collection[str]) -> None:
    """Somebody says that these are lost for good: others are made in their place. Raises KeysAway."""
    service = Spot(folder) / "service"
    with away_when_refused():
        for name in names:
            # A damaged one is known by itself: so broken off in between, it is said again.
            (service / f"{name}{_MADE}").unlink()
            set_aside(service / f"{name}{_KEY}")
        service.sync()
    for name in names:
        read_or_make(service / f"{name}{_KEY}")
