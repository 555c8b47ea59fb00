"""A documented group's people as a file: what their rows on the group's page say."""

from collections.abc import Iterator

from programmes.core.i18n import gettext as _
from programmes.desk.group.people_pages import People


def heads() -> tuple[str, ...]:
    """The first line of the file."""
    return _("Märkning"), _("Deltagare"), _("Skyddade uppgifter"), _("Plats"), _("Läge"), _("Mer")


def rows(people: People) -> Iterator[tuple[str, ...]]:
    """Who has a place, by number; then the queue in its order; then who has left. Of a cancelled start those without a place
    follow in their order. Who is protected has a number."""
    mark = _("Internt, sekretess")
    for one in sorted((*people.left, *people.done), key=lambda row: (row.seat is None, row.seat or 0)):
        yield mark, one.label, _yes(one.protected), str(one.seat or ""), one.tag.text, one.left
    for waiting in people.queue:
        if not waiting.offered:
            why = " ".join(part for part in (waiting.text, waiting.skipped) if part)
            yield mark, waiting.label, _yes(waiting.protected), "", waiting.tag.text, why
    for gone in people.gone:
        yield mark, gone.label, "", "", _("Har slutat"), gone.why


def _yes(said: bool) -> str:
    return _("Ja") if said else ""
