"""What was sent to a group, for its coordinators: what about, when, and what came of it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from programmes.core.i18n import gettext as _
from programmes.core.i18n import moment_long, ngettext
from programmes.desk.extract.wording import notice_words
from programmes.desk.group.calls_pages import under_way
from programmes.desk.group.calls_rules import Again, Call, to_send_again
from programmes.desk.group.sent_rules import Sending
from programmes.notices.bounce_services import BOUNCED_BEFORE
from programmes.notices.leaving_rules import until_text
from programmes.notices.queries import UnderWay

MOST = 200
_NOTHING = UnderWay()
_REFUSED = re.compile(r"(SMTP|Text)[A-Za-z]*Refused[45]\d\d|SMTP[A-Za-z]+5\d\d|TextFailed")


@dataclass(frozen=True)
class SentLine:
    what: str
    when: str
    texts: tuple[str, ...]
    why: tuple[str, ...]
    missed: bool


@dataclass(frozen=True)
class AgainPart:
    """What can be sent again, in words, and of which messages that is said."""

    text: str
    button: str
    notices: tuple[str, ...]


@dataclass(frozen=True)
class SentPage:
    """`missed`: something reached somebody not; `to_ring`: how many of them are still to be told; `under_way`: what is on
    its way, in words; `again`: what can be sent to another address than before."""

    cohort_id: int
    name: str
    lines: tuple[SentLine, ...]
    missed: bool
    to_ring: int
    more: bool
    under_way: tuple[str, ...] = ()
    again: AgainPart | None = None


def sent_page(
    cohort_id: int,
    name: str,
    found: Sequence[Sending],
    calls: Sequence[Call],
    now: datetime,
    on: UnderWay = _NOTHING,
) -> SentPage:
    """The newest first; `more` when there are older ones that are not shown. `calls`: whom staff still have to tell."""
    lines = tuple(_line(sending, now) for sending in found[:MOST])
    missed = any(line.missed for line in lines)
    return SentPage(
        cohort_id, name, lines, missed, len(calls), len(found) > MOST, under_way(on, now), _again(to_send_again(calls))
    )


def _again(again: Again) -> AgainPart | None:
    if not again.notices:
        return None
    people = again.mails + again.texts
    if not again.texts:
        button = ngettext("Skicka igen till den nya adressen", "Skicka igen till de nya adresserna", people)
    elif not again.mails:
        button = ngettext("Skicka igen till det nya numret", "Skicka igen till de nya numren", people)
    else:
        button = _("Skicka igen till de nya adresserna och numren")
    text = ngettext(
        "%(n)s person har fått en ny adress eller ett nytt nummer sedan ett besked inte kom fram.",
        "%(n)s personer har fått en ny adress eller ett nytt nummer sedan ett besked inte kom fram.",
        people,
    )
    return AgainPart(text, button, tuple(sorted(map(str, again.notices))))


def _line(sending: Sending, now: datetime) -> SentLine:
    what = _("Går inte längre före till nästa start") if sending.again else notice_words(sending.kind)
    if sending.session_starts:
        what = _("%(what)s (%(when)s)", what=what, when=moment_long(sending.session_starts))
    return SentLine(
        what,
        _when(sending),
        tuple(_counts(sending, now)),
        tuple(_reasons(sending.errors)),
        sending.failed + sending.late + sending.doubted + sending.no_channel > 0,
    )


def _when(sending: Sending) -> str:
    """When it went; of what waited for some until another time, from when to when."""
    last = moment_long(sending.sent_at or sending.made_at)
    first = moment_long(sending.first_sent_at) if sending.first_sent_at else last
    return last if first == last else _("%(first)s till %(last)s", first=first, last=last)


def _counts(sending: Sending, now: datetime) -> Iterable[str]:
    if sending.sent:
        yield ngettext("%(n)s skickat.", "%(n)s skickade.", sending.sent)
    if sending.waiting:
        yield ngettext("%(n)s på väg.", "%(n)s på väg.", sending.waiting)
    if sending.held and sending.held_until:
        yield ngettext("%(n)s väntar till %(when)s.", "%(n)s väntar, de sista till %(when)s.", sending.held,
                       when=until_text(sending.held_until, now))  # fmt: skip
    if sending.late:
        yield ngettext("%(n)s kan inte gå i tid.", "%(n)s kan inte gå i tid.", sending.late)
    if sending.failed:
        yield ngettext("%(n)s gick inte att skicka.", "%(n)s gick inte att skicka.", sending.failed)
    if sending.doubted:
        yield ngettext("%(n)s skickat till en adress som har studsat.", "%(n)s skickade till adresser som har studsat.",
                       sending.doubted)  # fmt: skip
    if sending.overtaken:
        yield ngettext("%(n)s ersattes av ett nyare besked eller gäller inte längre.",
                       "%(n)s ersattes av nyare besked eller gäller inte längre.", sending.overtaken)  # fmt: skip
    if sending.no_channel:
        yield ngettext("%(n)s person får inga besked av sig själv.", "%(n)s personer får inga besked av sig själva.",
                       sending.no_channel)  # fmt: skip
    if sending.told:
        yield ngettext("%(n)s har ni sagt det till.", "%(n)s har ni sagt det till.", sending.told)


def _reasons(errors: Iterable[str]) -> list[str]:
    return sorted({reason_words(error) for error in errors})


def reason_words(error: str) -> str:
    """Why something failed in the end, by the name of its last error."""
    known = {
        "Outdated": _("Det hann bli inaktuellt innan det gick."),
        "TimesToAvoid": _("Det hade kommit fram under tider att undvika, eller för sent efter dem."),
        "NoGatewaySet": _("Sms går inte att skicka längre."),
        "Bounced": _("Det studsade: adressen finns inte, eller tar inte emot."),
        BOUNCED_BEFORE: _("Det gick, men ett tidigare besked till adressen har studsat."),
        "TextWithoutReceipt": _("Det är osäkert om det kom fram."),
    }
    if error in known:
        return known[error]
    if _REFUSED.fullmatch(error):
        return _("Adressen eller numret tar inte emot.")
    return _("Vi försökte i två dygn utan att komma fram.")
