"""View models of what coordinators see of records that are soon erased, and of the files to the archive."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from programmes.core.clock import local_date
from programmes.core.i18n import day_plain, moment_long, ngettext
from programmes.core.i18n import gettext as _
from programmes.oversight.retention.archive_rules import TYPED, shown_digest
from programmes.oversight.retention.rules import Due, Fate
from programmes.oversight.retention.wording_rules import fate_words


class Batch(Protocol):
    """A file for the archive (`archive_queries`)."""

    @property
    def batch_id(self) -> UUID: ...
    @property
    def made_at(self) -> datetime: ...
    @property
    def records(self) -> int: ...
    @property
    def digest(self) -> bytes: ...
    @property
    def confirmed_at(self) -> datetime | None: ...


@dataclass(frozen=True)
class Person:
    """Somebody who is due, or soon: where they are shown, and how they stand. `late`: the last day is near or has passed."""

    address: str
    label: str
    cohort: str
    noted: str
    when: str
    fate: str
    kind: str
    late: str


@dataclass(frozen=True)
class BatchLine:
    """A file, and how it stands."""

    address: str
    text: str
    state: str
    done: bool


@dataclass(frozen=True)
class DuePage:
    """The page of coordinators. `more`: there are others, who come onto it as these go."""

    people: tuple[Person, ...]
    more: bool
    for_archive: str
    batches: tuple[BatchLine, ...]


@dataclass(frozen=True)
class BatchPage:
    """One file: to be taken home, handed over, and confirmed by its checksum."""

    address: str
    file: str
    text: str
    digest: str
    confirmed: str
    fate: str
    least: int
    form: Any


def person(
    address: str, label: str, cohort: str, noted: date, due: Due, fate: Fate | Literal["unreadable"], today: date
) -> Person:
    """One line. What is not due yet says when; what waits says by when it must be done."""
    kinds = {"held": "warn", "archive": "warn", "unknown_day": "warn", "unreadable": "stop"}
    late = ""
    if fate in kinds and fate != "held" and (due.last - today).days < 92:
        late = _("Ska vara klart senast %(day)s.", day=day_plain(due.last))
    when = _("Raderas tidigast %(day)s", day=day_plain(due.first)) if fate == "later" else _("Tiden är slut")
    return Person(address, label, cohort, day_plain(noted), when, fate_words(fate), kinds.get(fate, ""), late)


def heads() -> tuple[str, ...]:
    """The first line of the list as a file."""
    return _("Märkning"), _("Deltagare"), _("Grupp"), _("Senaste anteckning"), _("När"), _("Läge"), _("Senast")


def rows(people: Sequence[Person]) -> Iterator[tuple[str, ...]]:
    """A line for each person, with what their row on the page says."""
    for one in people:
        yield _("Internt, sekretess"), one.label, one.cohort, one.noted, one.when, one.fate, one.late


def _records(n: int) -> str:
    return ngettext("%(n)s persons uppgifter", "%(n)s personers uppgifter", n)


def due_page(people: Sequence[Person], more: bool, waiting: int, batches: Sequence[Batch]) -> DuePage:
    """The whole page."""
    return DuePage(tuple(people), more, _records(waiting) if waiting else "", tuple(_batch_line(one) for one in batches))


def _batch_line(batch: Batch) -> BatchLine:
    text = f"{_records(batch.records)}, {moment_long(batch.made_at)}"
    done = batch.confirmed_at is not None
    return BatchLine(_address(batch), text, _("Mottagen av arkivet") if done else _("Väntar på kvitto"), done)


def _address(batch: Batch) -> str:
    return f"/personal/gallras/{batch.batch_id}/arkiv"


def _fate(left: int, held: int) -> str:
    """What becomes of the records of a file that the archive has."""
    if not left:
        return _("Uppgifterna är raderade här.")
    if held:
        return _("De som har gallringsstopp raderas inte. Allt annat raderas här nästa natt.")
    return _("Uppgifterna raderas här nästa natt.")


def batch_page(batch: Batch, form: Any, left: int, held: int) -> BatchPage:
    """One file, of whose records so many are not erased, and so many of these are held."""
    confirmed = ""
    if batch.confirmed_at is not None:
        confirmed = _("Arkivet tog emot filen %(day)s.", day=day_plain(local_date(batch.confirmed_at)))
    return BatchPage(
        address=_address(batch),
        file=f"{_address(batch)}.zip",
        text=_("%(what)s. Gjord %(when)s.", what=_records(batch.records), when=moment_long(batch.made_at)),
        digest=shown_digest(batch.digest),
        confirmed=confirmed,
        fate=_fate(left, held),
        least=TYPED,
        form=form,
    )
