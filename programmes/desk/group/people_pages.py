"""Who stands on a group's page: who has a place, the queue, and whom staff should look at."""

from dataclasses import dataclass

from programmes.core.i18n import gettext as _
from programmes.core.i18n import moment_long, ngettext
from programmes.desk.group.groups_pages import Tag
from programmes.desk.group.queue_pages import QueueRow, person_address, queue_rows
from programmes.desk.group.step_pages import Facts
from programmes.enrolment.roster import RosterEntry
from programmes.enrolment.rules import ALIVE, State
from programmes.enrolment.wording import age_text, listed_remaining, state_words

TAKING_PART = frozenset({"open", "postponed", "started"})


@dataclass(frozen=True)
class PersonRow:
    address: str
    label: str
    protected: bool
    seat: int | None
    tag: Tag
    left: str
    notice: Tag | None = None
    twice: bool = False


@dataclass(frozen=True)
class SeeRow:
    """Somebody whose age no longer fits since the first session moved, and why; or who was turned down, and until when it
    can be undone."""

    address: str
    label: str
    why: str


@dataclass(frozen=True)
class People:
    """Who has a place, with something `left` to do or `done`, who waits, and who has `gone`. The others are to be looked
    at: whose age no longer fits, who was turned down and can be let in again, who has taken a consent back, and whose
    identity is to be protected as somebody asked elsewhere."""

    left: tuple[PersonRow, ...]
    done: tuple[PersonRow, ...]
    queue: tuple[QueueRow, ...]
    gone: tuple[SeeRow, ...]
    ages: tuple[SeeRow, ...]
    turned_down: tuple[SeeRow, ...]
    withdrawn: tuple[SeeRow, ...]
    protection: tuple[SeeRow, ...]

    @property
    def in_queue(self) -> tuple[tuple[str, tuple[QueueRow, ...]], ...]:
        """Who has an offer and who waits, each with a heading that counts its own rows."""
        offered = tuple(row for row in self.queue if row.offered)
        waiting = tuple(row for row in self.queue if not row.offered)
        titles = (
            ngettext("%(n)s person har fått ett erbjudande", "%(n)s personer har fått ett erbjudande", len(offered)),
            ngettext("%(n)s person väntar", "%(n)s personer väntar", len(waiting)),
        )
        return tuple((title, rows) for title, rows in zip(titles, (offered, waiting), strict=True) if rows)


def people_of(facts: Facts) -> People:
    """Everybody of the roster in one place; whose way has ended apart, for as long as the group goes on, and who waits. Of
    a cancelled start nobody waits any more: who did stands with the others, with what they had."""
    going_on, cancelled = facts.cohort.state in TAKING_PART, facts.cohort.state == "cancelled"
    gone = [entry for entry in facts.roster if going_on and entry.state not in ALIVE]
    rows = [_person(facts, e) for e in facts.roster if (cancelled or e.state != "queued") and e not in gone]
    return People(
        left=tuple(row for row in rows if row.left),
        done=tuple(row for row in rows if not row.left),
        queue=() if cancelled else tuple(queue_rows(facts)),
        gone=tuple(_see(facts, entry, state_words(entry.state)[0]) for entry in gone),
        ages=tuple(_see(facts, entry, age_text(entry.age)) for entry in facts.roster if entry.age),
        turned_down=tuple(
            SeeRow(f"{facts.address}/deltagare/{one}", label, moment_long(until)) for one, label, until in facts.turned_down
        ),
        withdrawn=(
            *(_see(facts, entry) for entry in facts.roster if entry.consent_withdrawn),
            *(SeeRow(f"{facts.address}/deltagare/{one}", label, _("Flyttad härifrån.")) for one, label in facts.withdrawn),
        ),
        protection=tuple(_see(facts, entry) for entry in facts.roster if entry.protection_asked and facts.coordinates),
    )


def _see(facts: Facts, entry: RosterEntry, why: str = "") -> SeeRow:
    return SeeRow(person_address(facts, entry), entry.label, why)


def _person(facts: Facts, entry: RosterEntry) -> PersonRow:
    return PersonRow(
        address=person_address(facts, entry),
        label=entry.label,
        protected=entry.protected,
        seat=entry.seat,
        tag=_tag(facts, entry),
        left="" if facts.cohort.state == "cancelled" else _left(entry),
        twice=entry.twice,
        notice=_notice(facts, entry),
    )


def _tag(facts: Facts, entry: RosterEntry) -> Tag:
    if entry.state == "queued" and facts.cohort.state == "cancelled":
        return Tag(_("Hade ett erbjudande")) if entry.enrolment_id in facts.had_offer else Tag(_("Stod i kö"))
    return tag_of(entry.state)


def tag_of(state: State) -> Tag:
    """How it is with somebody on the list, whatever became of them."""
    tags = {
        "confirmed": Tag(_("Klar"), "ok", "check"),
        "preliminary": Tag(_("Preliminär"), "warn", "half"),
        "offered": Tag(_("Erbjuden"), "info", "clock"),
        "completed": Tag(_("Fullföljt"), "ok", "check"),
        "dropped_out": Tag(_("Avbrutit")),
    }
    return tags.get(state) or Tag(*state_words(state))


def _left(entry: RosterEntry) -> str:
    if entry.state == "offered" and entry.offer_expires_at:
        return _("Svarar senast %(when)s", when=moment_long(entry.offer_expires_at))
    if entry.visit and entry.visit.state == "booked":
        rest = [code for code in entry.remaining if code not in {"book_visit", "attend_visit"}]
        visit = _("Studiebesök %(when)s", when=moment_long(entry.visit.starts_at))
        return f"{visit}. {listed_remaining(rest)}" if rest else visit
    return listed_remaining(entry.remaining) if entry.remaining else ""


def _notice(facts: Facts, entry: RosterEntry) -> Tag | None:
    return {
        "sent": Tag(_("Nådd"), "ok", "check"),
        "failed": Tag(_("Inte nådd"), "stop", "warn"),
        "no_channel": Tag(_("Får inga besked")),
        "waiting": Tag(_("På väg"), "", "clock"),
    }.get(facts.notices.get(entry.enrolment_id, ""))
