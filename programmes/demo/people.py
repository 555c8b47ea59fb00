"""Who takes part in the demo. Nobody is called like this, no number leads anywhere, and no address receives mail."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

_TREES = (
    "Björk", "Gran", "Asp", "Ek", "Lind", "Rönn", "Hassel", "Alm", "Bok", "Lönn", "Sälg", "Tall", "Oxel", "Pil", "Hägg",
    "Idegran", "Avenbok", "Kastanj", "Lärk", "Fläder", "Hagtorn", "Olvon", "Slån", "Vide", "Körsbär", "Päron", "Valnöt",
    "Plommon", "Mullbär", "Ginst",
)  # fmt: skip
_PLAIN = str.maketrans("åäö", "aao")


@dataclass(frozen=True)
class Neighbour:
    """Somebody who applies: an alias for programmes that ask for no name, a full name for those that do."""

    alias: str
    name: str
    birth_date: date
    contact: str
    safe: tuple[str, ...]


def neighbours() -> Iterator[Neighbour]:
    """Ever new ones. Every third has only a telephone, with a number that is kept free for films and books; every second of
    these wants texts."""
    number = 0
    while True:
        tree = _TREES[number % len(_TREES)]
        turn = number // len(_TREES) + 1
        by_phone, by_text = number % 3 == 2, number % 6 == 5
        alias = tree if turn == 1 else f"{tree} {turn}"
        address = f"{tree.lower().translate(_PLAIN)}{turn}@example.invalid"
        films = f"+4670174{605 + number % 95:04d}" if by_text else f"+4640628{400 + number % 100:04d}"
        yield Neighbour(
            alias=alias,
            name=f"{tree} Exempel{'sson' if number % 2 else 'dotter'}",
            birth_date=date(1962 + number % 40, 1 + number % 12, 1 + number % 28),
            contact=films if by_phone else address,
            safe=("sms", "call") if by_text else ("call",) if by_phone else ("email",),
        )
        number += 1
