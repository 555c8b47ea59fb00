"""Keys of which somebody has said that they are lost for good, so that nobody is told of them each day as of a new fault.

A file in the key folder, by ids alone. A closed box that could not be counted ends by it, unread (`evaluation.counting`).
Nothing else is erased: a key that lies there again is one as before.
"""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal, get_args

from programmes.core.key_files import away_when_refused
from programmes.core.key_paths import KeysAway, Spot

Lost = Literal["entries", "persons", "ballots", "texts"]
KINDS: tuple[Lost, ...] = get_args(Lost)
_FILE = "lost.json"


def known(folder: Path) -> dict[Lost, frozenset[str]]:
    """Which keys of each kind are known to be lost; none where that can't be read, since then a fault is told once too
    often. Makes nothing."""
    try:
        written = json.loads((Spot(folder) / _FILE).read())
        return {kind: frozenset(map(str, written.get(kind, []))) for kind in KINDS}
    except (OSError, KeysAway, ValueError, TypeError, AttributeError):
        return {kind: frozenset() for kind in KINDS}


def note(folder: Path, missing: Mapping[Lost, Collection[str]]) -> None:
    """Somebody says that these are lost, all that are missing of each of these kinds; what was said of other kinds stays.

    Raises:
        KeysAway: the folder refuses.
    """
    told = {**known(folder), **missing}
    with away_when_refused():
        (Spot(folder) / _FILE).replace(json.dumps({kind: sorted(told[kind]) for kind in KINDS}, indent=1).encode())
