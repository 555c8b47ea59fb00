"""What a provider's word about somebody means here."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
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
    auth_time: int = 0


def plain(value: Any, most: int = _NAME) -> str:
    """One line of text that can be shown, whatever was sent."""
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return "".join(char for char in text if char.isprintable())[:most]


def groups_of(value: Any) -> frozenset[str]:
    """The groups of a claim: a list of names, or one name."""
    named = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return frozenset(name for name in named if isinstance(name, str))


def roles_of(groups: Collection[str], meant: Iterable[tuple[str, str, str]]) -> Sequence[tuple[str, str]]:
    """Roles with their sections by the groups somebody is in. Groups that mean nothing here give nothing."""
    return sorted({(role, section) for group, role, section in meant if group in groups})
