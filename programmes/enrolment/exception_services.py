"""Who may make an exception from residency, whatever a form said."""

from programmes.catalogue.rules import Programme, ResidencyException
from programmes.enrolment.application_rules import exceptions_for
from programmes.people.queries import principal_of
from programmes.people.record_rules import Wrong


async def why_not_except(
    programme: Programme, exception: ResidencyException | None, staff_id: int | None, protected: bool
) -> list[Wrong]:
    """That an exception is not theirs to make who enter an application; nothing where none is made."""
    if exception is None:
        return []
    staff = await principal_of(staff_id) if staff_id is not None else None
    coordinates = staff is not None and staff.coordinates(programme.section)
    may = exceptions_for(programme, staff is not None, coordinates, protected)
    return [] if exception in may else [Wrong("exception", "not_theirs")]
