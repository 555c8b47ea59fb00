"""Whom a notice could not reach, and how staff can. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from programmes.notices.reach_rules import Way


@dataclass(frozen=True)
class Untold:
    """Somebody whom the last notice did not reach, or who has an offer and no word of it. `failed`: mail was tried."""

    enrolment_id: UUID
    cohort_id: int
    group: str
    kind: str
    failed: bool
    answer_by: datetime | None
    session_starts: datetime | None
    visit_starts: datetime | None


@dataclass(frozen=True)
class Call:
    """Somebody to tell. `label` is empty where nobody needs to read it. `way` is how they can be reached."""

    about: Untold
    way: Way
    label: str
    protected: bool

    @property
    def is_offer(self) -> bool:
        return self.about.kind == "place_offered"
