"""Reminders, a day before: of a study visit that somebody has booked, and of the session at which a group is evaluated.

They are made from what is true then: of what was moved people are reminded at its new time, and who has left is not.
"""

from programmes.desk.reminders import queries
from programmes.hands import Hands
from programmes.notices import services as notices
from programmes.notices.queries import booking
from programmes.notices.rules import AUDIENCE


async def remind(worker: Hands) -> None:
    """The worker's tick. Safe to run twice, and late."""
    now = worker.clock.now()
    for enrolment_id in await queries.visits(now, AUDIENCE["soon_visit"]):
        await notices.tell_one("soon_visit", enrolment_id, worker.keys, now, await booking(enrolment_id))
    for session_id in await queries.evaluations(now):
        await notices.tell_about_session("soon_evaluation", session_id, worker.keys, now)


TICKS = [remind]
