"""Turning somebody down for conditions of the programme's own: the form, and what the person reads on Min plats."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from programmes.catalogue.refusal_rules import PROOF, refusable, unmet
from programmes.catalogue.rules import Outcome, Programme
from programmes.catalogue.wording import Refusal, refusal_text
from programmes.cohorts.queries import CohortFacts
from programmes.core.clock import local_date
from programmes.core.i18n import capital, day_long, language, ngettext, number_word
from programmes.core.i18n import gettext as _
from programmes.enrolment.queries import EnrolmentFacts
from programmes.enrolment.wording import Instead
from programmes.notices.reach_rules import Way


@dataclass(frozen=True)
class Choice:
    """A condition that can be found unmet, as the person will read it."""

    condition: str
    refusal: Refusal


@dataclass(frozen=True)
class RefusePage:
    """The form. `exception` is the one from residency that was made for the person, in words."""

    cohort_id: int
    cohort_name: str
    enrolment_id: str
    label: str
    choices: tuple[Choice, ...]
    lines: tuple[str, ...]
    form: Any
    exception: str


@dataclass(frozen=True)
class RefusedPage:
    """What somebody who was turned down reads. `until` is the last day that the page opens."""

    title: str
    reasons: tuple[Refusal, ...]
    until: str
    exempt: bool


@dataclass(frozen=True)
class AgePage:
    """Why an age, or another condition that counts to it, will not do on the day the first session has moved to.
    `unanswered`: nothing was ticked or chosen. `age`: that is among them."""

    reasons: tuple[Refusal, ...]
    instead: tuple[Instead, ...]
    waits: bool
    unanswered: bool
    age: bool


def age_page(
    programme: Programme, unmet: Sequence[Outcome], others: tuple[Instead, ...], waits: bool, municipality: str
) -> AgePage:
    """The refusal of an age said again; the place is kept."""
    reasons = tuple(refusal_text(outcome, programme, language(), municipality) for outcome in unmet)
    return AgePage(reasons, others, waits, all(outcome.code == "unanswered" for outcome in unmet),
                   any(outcome.condition in {"age", "guardian_consent"} for outcome in unmet))  # fmt: skip


def refusals(programme: Programme, conditions: Collection[str], municipality: str) -> tuple[Refusal, ...]:
    """Every unmet condition in the words of the way in, with its section (promise 5)."""
    return tuple(refusal_text(outcome, programme, language(), municipality) for outcome in unmet(programme, conditions))


def findable(programme: Programme, facts: EnrolmentFacts, age_fits: bool) -> tuple[str, ...]:
    """The conditions that somebody can be found not to meet: not what the record, or a check by staff, says that they do."""
    known = {"age"} if age_fits else set()
    if facts.proof_checked_at or facts.proof_ticked:
        known.add(PROOF)
    return tuple(condition for condition in refusable(programme) if condition not in known)


def refuse_page(
    cohort: CohortFacts,
    facts: EnrolmentFacts,
    programme: Programme,
    conditions: Collection[str],
    label: str,
    way: Way,
    municipality: str,
    form: Any,
    exception: str,
) -> RefusePage:
    """The form: which conditions, and what will happen."""
    found = tuple(Choice(c, refusals(programme, [c], municipality)[0]) for c in conditions)
    lines = (_ends(facts), _told(way), _kept(programme))
    return RefusePage(cohort.cohort_id, cohort.name, str(facts.enrolment_id), label, found, lines, form, exception)


def _ends(facts: EnrolmentFacts) -> str:
    if facts.state == "queued":
        return _("Personens plats i kön avslutas.")
    text = _(
        "Personens plats avslutas och går till nästa i kön på en gång. Ångrar ni får personen tillbaka den om den är ledig"
        " då, annars sin tur i kön."
    )
    if not (facts.visit and facts.visit.state == "booked"):
        return text
    return " ".join(
        (
            text,
            _(
                "Det bokade studiebesöket blir ledigt. Får personen tillbaka platsen följer besöket med om tiden är kvar då,"
                " men inte med en tur i kön."
            ),
        )
    )


def _told(way: Way) -> str:
    return {
        "mail": _("Personen får ett neutralt besked med e-post, och läser på Min plats vad som inte stämmer."),
        "text": _("Personen får ett neutralt sms, och läser på Min plats vad som inte stämmer."),
        "ring": _("Personen har bara telefon: den hamnar på listan över dem ni ringer. Det står också på Min plats."),
        "bounced": _(
            "E-post till personen har studsat: den hamnar på listan över dem ni ska nå. Det står också på Min plats."
        ),
        "refused": _(
            "Personens nummer tar inte emot sms: den hamnar på listan över dem ni ringer. Det står också på Min plats."
        ),
        "place": _("Personen har inte lämnat någon kontaktväg och ser det på Min plats. Säg det nu."),
    }[way]


def _kept(programme: Programme) -> str:
    if programme.exempt:
        return _("Det går att ångra tills personen har haft ett dygn på sig att läsa. Sedan raderas det personen skrev.")
    return _("Det går att ångra tills personen har haft ett dygn på sig att läsa. Vilka villkor det gällde sparas.")


def refused_page(reasons: tuple[Refusal, ...], until: datetime, exempt: bool) -> RefusedPage:
    """Min plats of somebody who was turned down."""
    word = capital(number_word(len(reasons)))
    title = ngettext("Ett villkor stämmer inte", "%(word)s villkor stämmer inte", len(reasons), word=word)
    return RefusedPage(title, reasons, day_long(local_date(until)), exempt)
