"""The people of a cohort as its staff see them: aliases, or names where the guideline has individuals documented."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from programmes.catalogue import queries as catalogue
from programmes.cohorts import queries as cohorts
from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import transaction
from programmes.core.i18n import gettext as _
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.enrolment.place_services import unseal
from programmes.enrolment.rules import ALIVE, Remaining, State
from programmes.people import records


@dataclass(frozen=True)
class RosterEntry:
    """One line of a cohort's list. `remaining` are the steps before the place is confirmed."""

    enrolment_id: UUID
    label: str
    state: State
    seat: int | None
    protected: bool
    applied_at: datetime
    offer_expires_at: datetime | None
    skip_reason: str | None
    remaining: tuple[Remaining, ...]
    visit: queries.Visit | None
    order_reason: str | None = None
    passed_at: datetime | None = None
    asked_to_come: bool = False


def label_of(facts: queries.EnrolmentFacts, keys: KeyFolder) -> str:
    """What staff call this person on a list; somebody with protected identity has no name there."""
    if facts.protected:
        return _("Deltagare %(n)s", n=facts.arrival)
    if facts.participant_id is not None and facts.record is not None:
        record = records.read(facts.record, facts.participant_id, keys)
        return record.name if record else _("Deltagare %(n)s", n=facts.arrival)
    return unseal(facts, keys).alias or _("Deltagare %(n)s", n=facts.arrival)


async def roster(
    cohort_id: int, keys: KeyFolder, staff_id: int, now: datetime, states: Sequence[State] = tuple(ALIVE)
) -> list[RosterEntry]:
    """Everybody in a cohort: seats by number, then the queue in its order.

    Where names are read, the look is noted in the audit trail (promise 6). Raises NotFound.
    """
    cohort = await cohorts.by_id(cohort_id)
    programme = await catalogue.programme(cohort.programme_id)
    texts = await queries.texts_for(programme, local_date(now))
    found = await queries.enrolments(cohort_id, states)
    if not programme.exempt and found:
        async with transaction():
            await audit.note("roster:read", f"cohort/{cohort_id}", staff_id, now)
    return [
        RosterEntry(
            facts.enrolment_id,
            label_of(facts, keys),
            facts.state,
            facts.seat,
            facts.protected,
            facts.applied_at,
            facts.offer_expires_at,
            facts.skip_reason,
            queries.still_to_do(programme, facts, texts) if facts.state == "preliminary" else (),
            facts.visit,
            facts.order_reason,
            facts.passed_at,
            facts.asked_to_come,
        )
        for facts in found
    ]
