"""Who waits for a place in a group, as its overview tells it."""

from dataclasses import dataclass

from programmes.core.days import day_off
from programmes.core.i18n import gettext as _
from programmes.core.i18n import moment_long
from programmes.desk.group.groups_pages import Tag
from programmes.desk.group.step_pages import Facts
from programmes.enrolment.roster import RosterEntry
from programmes.enrolment.rules import Entry
from programmes.enrolment.waiting_rules import leads
from programmes.enrolment.wording import (
    order_text,
    passed_by_text,
    passed_over_text,
    stranded_text,
)


@dataclass(frozen=True)
class QueueRow:
    address: str
    label: str
    protected: bool
    tag: Tag
    text: str
    skipped: str
    moved: str
    passed: bool
    offered: bool
    together: str


def _next_words(facts: Facts) -> str:
    """What stands beside the first who can be offered a place: with one free and no time to offer it, that staff give it."""
    coming = min((s.starts_at for s in facts.sessions if s.state != "cancelled" and s.starts_at > facts.now), default=None)
    lead = leads(entry_of(facts), coming, day_off, facts.now)
    if lead == "nowhere":
        return _("Det går inte längre att komma med.")
    free = facts.places.free(facts.cohort.maximum)
    if facts.places.kept and not free:
        return _("Näst på tur efter dem som platserna är reserverade för.")
    if lead == "word" and free:
        return _("Näst på tur till den lediga platsen. För kort tid för ett erbjudande: ge den platsen under Kö.")
    return _("Näst på tur.")


def _fits(facts: Facts, entry: RosterEntry) -> bool:
    """Whether there are places enough for who waits, with the siblings who wait together with them."""
    wanted = entry.together.count(",") + 1 if entry.together else 1
    return wanted <= (facts.cohort.maximum - facts.places.held or facts.cohort.maximum)


def queue_rows(facts: Facts) -> list[QueueRow]:
    """Who has an offer, then who waits, in the order of the queue. The first who isn't passed over is next."""
    offered = [entry for entry in facts.roster if entry.state == "offered"]
    waiting = [entry for entry in facts.roster if entry.state == "queued"]
    first = next((entry for entry in waiting if not _waits_aside(entry) and _fits(facts, entry)), None)
    return [_row(facts, entry, entry is first) for entry in [*offered, *waiting]]


def _waits_aside(entry: RosterEntry) -> bool:
    """Whether somebody who waits is not offered a place just now."""
    return bool(entry.skip_reason or entry.held_by or entry.asked_to_come)


def _row(facts: Facts, entry: RosterEntry, is_next: bool) -> QueueRow:
    text = [_("Anmäld %(when)s.", when=moment_long(entry.applied_at))]
    if entry.twice:
        text.append(_("Kan stå här två gånger."))
    if entry.state == "offered" and entry.offer_expires_at:
        text.append(_("Svarar senast %(when)s.", when=moment_long(entry.offer_expires_at)))
    if facts.first_until and entry.state == "queued":
        text.append(_("Får flytta till nästa start före andra, till och med %(when)s.", when=moment_long(facts.first_until)))
    elif is_next:
        text.append(_next_words(facts))
    if stranded := stranded_text(entry.together, facts.cohort.maximum) if entry.state == "queued" else "":
        text.append(stranded)
    if entry.enrolment_id in facts.passed_by:
        text.append(passed_by_text(*facts.passed_by[entry.enrolment_id]))
    return QueueRow(
        person_address(facts, entry),
        entry.label,
        entry.protected,
        _tag(facts, entry),
        " ".join(text),
        passed_over_text(entry.skip_reason, entry.held_by, facts.cohort.section) if entry.state == "queued" else "",
        order_text(entry.order_reason) if entry.order_reason else "",
        entry.passed_at is not None,
        entry.state == "offered",
        entry.together,
    )


def _tag(facts: Facts, entry: RosterEntry) -> Tag:
    if entry.state == "queued" and entry.enrolment_id in facts.had_offer:
        return Tag(_("Hade ett erbjudande"))
    if entry.state == "offered" and entry.offer_expires_at:
        return Tag(_("Har fått erbjudande"), "info", "clock")
    if entry.skip_reason or entry.held_by:
        return Tag(_("Hoppas över"), "warn", "move")
    return Tag(_("Ska säga att den kommer"), "warn", "clock") if entry.asked_to_come else Tag(_("Väntar"))


def entry_of(facts: Facts) -> Entry:
    last = {s.number: s.starts_at for s in facts.sessions if s.number is not None}
    joined = min(facts.cohort.last_entry_session, max(last)) if last else None
    begins = last.get(joined) if joined is not None else None
    return Entry(facts.cohort.state, facts.cohort.enrol_from, begins, facts.cohort.unbooked)


def person_address(facts: Facts, entry: RosterEntry) -> str:
    return f"{facts.address}/deltagare/{entry.enrolment_id}"
