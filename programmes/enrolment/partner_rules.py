"""When staff may have a partner's record (2.14). Pure."""

from collections.abc import Iterable

from programmes.enrolment.rules import ALIVE, State

PARTNER_CONTACT = "partner_contact"


def has_partner_contact(declarations: Iterable[str]) -> bool:
    """Whether a programme has contact with partners: it asks for consent to it."""
    return PARTNER_CONTACT in declarations


def may_keep(asked: bool, state: State, documented: bool, consent: bool | None) -> bool:
    """Whether a partner may be written down and read: the programme has the contact, the place is alive and documented,
    and the participant's consent stands."""
    return asked and documented and state in ALIVE and consent is True


def may_answer(state: State, consent: bool | None) -> bool:
    """Whether the participant may take the consent back or give it again: they were asked, and the place is alive."""
    return state in ALIVE and consent is not None
