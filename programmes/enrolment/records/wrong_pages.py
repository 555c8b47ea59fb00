"""Why a record is not kept, or an application not taken, in words beside its field of the form."""

from collections.abc import Mapping

from programmes.core.i18n import gettext as _
from programmes.people.record_rules import Wrong

_FIELDS: Mapping[str, str] = {
    "name": "namn",
    "alias": "namn",
    "birth_date": "fodd",
    "number": "pnr",
    "contact": "kontakt",
    "safe": "saker",
    "avoid": "undvik",
    "interpreter": "tolk",
    "exception": "undantag",
}


def beside(wrong: Wrong) -> str:
    """The form's field that it stands beside."""
    return _FIELDS[wrong.field]


def said(wrong: Wrong, for_staff: bool = False) -> str:
    """The sentence, to the person or to staff who write for them."""
    if wrong.code == "too_long":
        return _("Skriv högst %(most)s tecken.", most=wrong.most)
    if wrong.code == "missing":
        return _("Skriv personens namn.") if for_staff else _("Skriv ditt namn.")
    if wrong.code == "leads":
        return _avoid(for_staff)
    return _SENTENCES[wrong.code]()


def _avoid(for_staff: bool) -> str:
    if for_staff:
        return _(
            "Skriv när ni inte ska höra av er, till exempel efter 17. Skriv inget personnummer, telefonnummer eller "
            "någon adress här."
        )
    return _(
        "Skriv när vi inte ska höra av oss, till exempel efter 17. Skriv inget personnummer, telefonnummer eller "
        "någon adress här."
    )


_SENTENCES = {
    "born_when": lambda: _("Det datumet finns inte. Kontrollera månaden och dagen."),
    "born_early": lambda: _("Skriv ett födelsedatum från 1900 eller senare."),
    "born_late": lambda: _("Skriv ett födelsedatum som har varit."),
    "number_other": lambda: _("De fyra siffrorna stämmer inte med födelsedatumet. Lämna tomt om du är osäker."),
    "no_channel": lambda: _("Skriv ett mobilnummer med siffror eller en e-postadress."),
    "unknown_way": lambda: _("Välj ett av alternativen."),
    "not_textable": lambda: _("Till det numret går det inte att skicka sms. Ta bort krysset, eller skriv ett mobilnummer."),
    "no_language": lambda: _("Välj ett av alternativen."),
    "not_here": lambda: _("Här antecknar vi inte vem någon är."),
    "other_age": lambda: _("Åldern har räknats från ett annat födelsedatum. Skriv födelsedatumet igen."),
    "not_theirs": lambda: _("Det undantaget kan du inte göra. Fråga insatsens samordnare."),
    "alias": lambda: _(
        "Skriv ett förnamn eller ett påhittat namn. Vi får inte spara personnummer, adress, telefonnummer eller e-post."
    ),
}
