"""When staff may have a partner's record (2.14). Pure."""

from programmes.catalogue.rules import Programme
from programmes.enrolment.rules import ALIVE, State

PARTNER_CONTACT = "partner_contact"


def has_partner_contact(programme: Programme) -> bool:
    """Whether a programme has contact with partners: it asks for consent to it."""
    return any(declaration.key == PARTNER_CONTACT for declaration in programme.declarations)


def may_keep(asked: bool, state: State, documented: bool, consent: bool | None) -> bool:
    """Whether a partner may be written down and read: the programme has the contact, the place is alive and documented,
    and the participant's consent stands."""
    return asked and documented and state in ALIVE and consent is True


def may_answer(state: State, consent: bool | None) -> bool:
    """Whether the participant may take the consent back or give it again: they were asked, and the place is alive."""
    return state in ALIVE and consent is not None
