"""Whose words may be struck or reviewed: what has been told, or waits, is there also when the evaluation is turned
off, and when the edition in force has the section no more."""

from typing import Any

from litestar import Request

from programmes.catalogue import queries as catalogue
from programmes.catalogue.rules import Programme
from programmes.core.clock import local_date
from programmes.evaluation import queries
from programmes.evaluation.form_views import coordinated, evaluated

AnyRequest = Request[Any, Any, Any]


async def coordinated_words(request: AnyRequest, slug: str) -> Programme:
    """A programme that is evaluated, or of which something is told or waits, and that this person coordinates. Raises
    NotFound, or Forbidden for another's."""
    told = await queries.told()
    known = await catalogue.in_force_or_gone(local_date(request.app.state.clock.now()))
    now = {p.section for p in await evaluated(request)}
    return coordinated(request, slug, (p for p in known if p.section in told | now))
