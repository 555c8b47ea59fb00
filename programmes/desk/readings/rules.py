"""Whom another reading of an unclear point would leave out. Pure."""

from dataclasses import dataclass
from uuid import UUID

from programmes.catalogue.rules import Value


@dataclass(frozen=True)
class LeftOut:
    """Somebody who would not meet a reading: where they are, and what staff call them on the list."""

    value: Value
    cohort_id: int
    enrolment_id: UUID
    label: str
