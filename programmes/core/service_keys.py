"""Long-lived keys of the installation, each by its name in `service/` of the key folder, made when it is first asked for.

Beside a key lies `<name>.made` from then on, an empty file: by it a key that is away is told from one that never was. It is
in no copy of keys; what a copy brings back is noted when it is next asked for.
"""

import contextlib
import secrets
from collections.abc import Collection
from pathlib import Path

from programmes.core.key_files import KEY_BYTES, away_when_refused, read_key
from programmes.core.key_paths import KeysAway, ServiceKeyAway, Spot

# What is kept was sealed, hashed or addressed with these: another one in their place opens, finds and leads to nothing of
# it, and lies in the way of the right one when that is put back.
LASTING = frozenset({"second-factor", "search", "feed"})
_KEY, _MADE = ".key", ".made"


def read_or_make(at: Spot) -> bytes:
    """The key that lies here, made where it never was.

    Raises:
        ServiceKeyAway: it was there once, and another one would do harm.
        KeysAway: the folder refuses.
    """
    try:
        return read_key(at)
    except FileNotFoundError:
        if at.stem in LASTING and at.with_suffix(_MADE).exists():
            raise ServiceKeyAway(at.stem) from None
    with away_when_refused(), contextlib.suppress(FileExistsError):
        at.write(secrets.token_bytes(KEY_BYTES))
    note_made(at)
    return read_key(at)


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


def missing(folder: Path) -> list[str]:
    """The names of those that lay in this key folder once, and do not now. Makes nothing.

    Raises:
        KeysAway, OSError: it can't be looked into.
    """
    names = (Spot(folder) / "service").names()
    made = [name.removesuffix(_MADE) for name in names if name.endswith(_MADE) and not name.startswith(".")]
    return [name for name in made if f"{name}{_KEY}" not in names]


def give_up(folder: Path, names: Collection[str]) -> None:
    """Somebody says that these are lost for good: others are made in their place. Raises KeysAway."""
    service = Spot(folder) / "service"
    with away_when_refused():
        for name in names:
            (service / f"{name}{_MADE}").unlink()
        service.sync()
    for name in names:
        read_or_make(service / f"{name}{_KEY}")
