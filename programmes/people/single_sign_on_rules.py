"""What a provider's word about somebody means here."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_NAME = 100


@dataclass(frozen=True)
class Told:
    """What an OpenID Connect provider says of somebody, checked: who (by its own number), what they are called, which
    groups they are in. `id_token` is for signing out there. `auth_time` is when they last signed in there, in Unix
    seconds, or 0 when it does not say."""

    issuer: str
    subject: str
    username: str
    name: str
    groups: frozenset[str]
    id_token: str
    auth_time: float = 0


def shown_at(auth_time: float, now: datetime) -> datetime | None:
    """When somebody showed the provider that it is them: never later than now, and None where it does not say."""
    return min(datetime.fromtimestamp(auth_time, UTC), now) if auth_time else None


def plain(value: Any, most: int = _NAME) -> str:
    """One line of text that can be shown, whatever was sent."""
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return "".join(char for char in text if char.isprintable())[:most]


def groups_of(value: Any) -> frozenset[str] | None:
    """The groups of a claim: a list of names, or one name; none where there is no claim. None for anything else: it says
    nothing of which groups somebody is in, and to take it for none would end their roles."""
    named = [] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        return None
    return frozenset(named)


def roles_of(groups: Collection[str], meant: Iterable[tuple[str, str, str]]) -> Sequence[tuple[str, str]]:
    """Roles with their sections by the groups somebody is in. Groups that mean nothing here give nothing."""
    return sorted({(role, section) for group, role, section in meant if group in groups})
