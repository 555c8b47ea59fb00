"""What a tick "Det är meningen" answers: each thing that stood in the way, as it was said when it was ticked. Pure."""

import hashlib
from collections.abc import Collection, Iterable, Sequence

from programmes.cohorts.rules import Reason

TICK = "anda"
# The signs of what was said and is meant; True is whatever there may be, for who has nobody to ask.
Meant = bool | Collection[str]


def signs(reasons: Iterable[Reason]) -> frozenset[str]:
    """Of each thing that may be meant, what a form carries for it: the same for as long as the same would be said."""
    return frozenset(_sign(reason) for reason in reasons if reason.beside == TICK)


def _sign(reason: Reason) -> str:
    said = f"{reason.code} {sorted((name, repr(value)) for name, value in reason.params.items())}"
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def not_meant(reasons: Sequence[Reason], meant: Meant) -> list[Reason]:
    """All of these, unless every one of them was said before it was ticked: a tick is no answer to anything else."""
    if isinstance(meant, bool):
        return [] if meant else list(reasons)
    return [] if signs(reasons) <= set(meant) else list(reasons)
