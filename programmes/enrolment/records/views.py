"""Reading the details of somebody who is documented: name, birth date, number, and how it is safe to reach them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from programmes.core.contacts import by_text, can_text
from programmes.core.i18n import Language, known_language
from programmes.core.i18n import gettext as _
from programmes.enrolment import pages, services
from programmes.enrolment.records import wrong_pages
from programmes.people.record_rules import (
    CONTACTS,
    LONGEST_AVOID,
    LONGEST_NAME,
    WAYS,
    Wrong,
    number_of_birth,
    why_not_birth_date,
    why_not_keep,
)
from programmes.people.records import PersonRecord
from programmes.web.forms import Form


@dataclass(frozen=True)
class Told:
    """How people of a programme can be told: whether by text messages, and whether only by their explicit wish."""

    texts: bool = False
    by_wish: bool = False


def unnamed_alias(form: Form) -> str:
    """What somebody wants to be called where nobody may be documented. Errors are left in the form."""
    alias = form.text("namn", 40)
    fail(form, services.why_not_alias(alias))
    return alias


def unnamed_channel(form: Form, texts: bool) -> str:
    """The one channel of somebody nobody knows; a number that texts may go to says so. Errors are left in the form."""
    contact = form.contact("kontakt")
    if "kontakt" in form.errors or not contact or "@" in contact or not (texts and form.ticked("sms")):
        return contact
    channel = by_text(contact)
    if services.why_not_channel(channel):
        form.fail("kontakt", _("Till det numret går det inte att skicka sms. Skriv ett mobilnummer, eller ta bort krysset."))
    return channel


def fail(form: Form, wrong: Iterable[Wrong], for_staff: bool = False) -> None:
    """Say beside its field what may not be kept, unless something is said there already."""
    for one in wrong:
        form.fail(wrong_pages.beside(one), wrong_pages.said(one, for_staff))


def read_record(form: Form, today: date, for_staff: bool, told: Told = Told()) -> PersonRecord:
    """What was typed, by the person or by staff for them; errors are left in the form."""
    protected = form.ticked("skydd")
    name = form.text("namn", LONGEST_NAME, _("Skriv personens namn.") if for_staff else _("Skriv ditt namn."))
    born = _birth_date(form, today, for_staff)
    number = _number(form, born if "fodd" not in form.errors else None)
    optional = protected or for_staff
    contact = form.contact("kontakt", "" if optional else _("Skriv ett mobilnummer eller en e-postadress."))
    if protected and contact:
        form.fail(
            "kontakt", _("När uppgifterna är skyddade sparar vi varken telefon eller e-post. Ta bort det, eller krysset.")
        )
    safe = tuple(kind for kind in (WAYS if told.texts else CONTACTS) if kind in form.all("saker"))
    if not protected:
        check_safe(form, contact, safe, told.by_wish)
    record = PersonRecord(
        name=name,
        birth_date=born.isoformat() if born else "",
        number=number,
        contact="" if protected else contact,
        safe=safe,
        avoid=form.text("undvik", LONGEST_AVOID),
        interpreter=_interpreter(form),
    )
    fail(form, why_not_keep(record, today), for_staff)
    return record


def language_chosen(form: Form) -> Language | None:
    """In which language the person is to be written to; None where the form doesn't say, as that of the release before, or
    says what it was when the page was shown: somebody may have changed it since. What is no language is an error."""
    wanted = form.raw("besked")
    if wanted and not known_language(wanted):
        form.fail("besked", _("Välj ett av alternativen."))
    return None if wanted == form.raw("besked_sett") else known_language(wanted)


def typed(record: PersonRecord, protected: bool, language: Language) -> Form:
    """A record as it would be typed, for putting it right."""
    values: dict[str, list[str]] = {
        "skydd": ["ja"] if protected else [],
        "namn": [record.name],
        "fodd": [record.birth_date.replace("-", "")],
        "pnr": [record.number.replace("-", "")[-4:]],
        "kontakt": [record.contact],
        "saker": list(record.safe),
        "undvik": [record.avoid],
        "tolk": [record.interpreter],
        "besked": [language],
    }
    return Form({name: given for name, given in values.items() if given})


def _interpreter(form: Form) -> str:
    """The language that an interpreter is needed for; none where nothing was chosen."""
    return form.choice("tolk", [code for code, _name in pages.interpreter_languages()]) if form.raw("tolk") else ""


def _birth_date(form: Form, today: date, for_staff: bool) -> date | None:
    needed = _("Skriv ditt födelsedatum med åtta siffror, till exempel 19850214.")
    if for_staff:
        needed = _("Skriv personens födelsedatum med åtta siffror, till exempel 19850214.")
    born = form.birth_date("fodd", needed)
    if born:
        fail(form, why_not_birth_date(born.isoformat(), today), for_staff)
    return born


def _number(form: Form, birth_date: date | None) -> str:
    """The four last digits, from their own field or the end of the birth date's, joined with the birth date and checked."""
    typed, joined = form.raw("pnr").strip(), form.last_four("fodd")
    # Whoever writes the dash that stands before them means the four digits; dashes alone are no digits.
    own = typed.lstrip("-") or typed
    field, last = ("pnr", own) if own else ("fodd", joined)
    wrong = _("De fyra siffrorna stämmer inte med födelsedatumet. Lämna tomt om du är osäker.")
    if field == "fodd":
        wrong = _("De fyra sista siffrorna stämmer inte med födelsedatumet. Skriv bara åtta siffror om du är osäker.")
    if own and joined and own != joined:
        form.fail("pnr", _("Du har skrivit fyra andra siffror efter födelsedatumet. Skriv dem bara på ett ställe."))
    elif own and not re.fullmatch(r"[0-9]{4}", own):
        form.fail("pnr", wrong)
    if not last or birth_date is None or "pnr" in form.errors:
        return ""
    if not (found := number_of_birth(birth_date, last)):
        form.fail(field, wrong)
    return found


def check_safe(form: Form, contact: str, safe: tuple[str, ...], by_wish: bool = False) -> None:
    """What is safe must be said, also to staff who write it down, and fit what was given: otherwise no message would ever
    leave, not even an offer. Where messages are sent by wish only, none may be what the person wants."""
    if "kontakt" in form.errors or not contact:
        return
    if "sms" in safe and "@" not in contact and not can_text(contact):
        form.fail("saker", _("Till det numret går det inte att skicka sms. Ta bort krysset, eller skriv ett mobilnummer."))
    elif by_wish:
        return
    elif not safe:
        form.fail("saker", _("Kryssa i vad som är säkert att använda."))
    elif "@" in contact and "email" not in safe:
        form.fail("saker", _("Du skrev en e-postadress. Kryssa i E-post, eller skriv ett telefonnummer."))
    elif "@" not in contact and not {"call", "sms"} & set(safe):
        form.fail("saker", _("Du skrev ett telefonnummer. Kryssa i Telefonsamtal, eller skriv en e-postadress."))
