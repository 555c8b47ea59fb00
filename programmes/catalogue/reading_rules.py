"""The readings of a programme through time: what was decided by one stands when the office chooses another. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from programmes.catalogue.rules import Programme, Value


def can_be_looked_up(reference: str) -> bool:
    """Whether a reference to a decision or an agreement says which one: a paragraph or a name, and a number. Empty is that
    there is none. `../..`, `0` or a day alone is found by nobody, and yet it would be said to be what a place rests on."""
    return not reference or (any(c.isdecimal() for c in reference) and any(c.isalpha() or c == "§" for c in reference))


@dataclass(frozen=True)
class Choice:
    """What the office chose for an unclear point, and since when (UTC)."""

    key: str
    value: Value
    chosen_at: datetime


@dataclass(frozen=True)
class Readings:
    """A programme of an edition with every choice that was ever made about it, in the order they were made."""

    edition: Programme
    choices: Sequence[Choice]

    @property
    def in_force(self) -> Programme:
        return self.edition.reread({choice.key: choice.value for choice in self.choices})

    def at(self, moment: datetime) -> Programme:
        """The programme as it was read at a time; a choice of that very moment is part of it."""
        return self.edition.reread({choice.key: choice.value for choice in self.choices if choice.chosen_at <= moment})
