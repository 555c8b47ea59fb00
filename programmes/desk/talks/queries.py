"""Reads about a series of talks as both its cohort and its attendance know it."""

from collections.abc import Sequence

from programmes.attendance import queries as attendance
from programmes.catalogue.rules import Programme
from programmes.cohorts.queries import SessionFacts
from programmes.cohorts.talk_rules import Tally, tally


async def tally_of(cohort_id: int, programme: Programme, sessions: Sequence[SessionFacts]) -> Tally:
    """The talks of a series that count, with those apart that nobody came to. `sessions` are all of the series."""
    nobody_came = await attendance.missed([cohort_id])
    return tally(programme, [(s.state, s.session_id in nobody_came) for s in sessions])
