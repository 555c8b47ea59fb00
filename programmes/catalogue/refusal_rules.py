"""Which conditions staff can find unmet when somebody already has a place, and as what. Pure."""

from collections.abc import Collection

from programmes.catalogue.rules import Outcome, Programme

# What is asked to be shown is no question of the form: only whoever meets the person can say that it was not.
PROOF = "proof"
# How an outcome says that it was staff who found it, and not somebody's own answer.
FOUND = "found"
# Only the person says how much support they need; staff who found it out would be assessing it (DESIGN 3).
_OWN_WORD = {"no_more_extensive_need"}


def refusable(programme: Programme) -> tuple[str, ...]:
    """The programme's own conditions, in the order of the form, that somebody can be found not to meet."""
    found = [PROOF] if programme.proof_kind != "nothing" else []
    if programme.age is not None:
        found.append("age")
    if programme.guardian_consent_under is not None and programme.age_bands:
        found.append("guardian_consent")
    asked = (d for d in programme.declarations if d.asked and d.kind == "requirement" and d.unmet is not None)
    declared = (d.key for d in asked if d.key not in _OWN_WORD)
    return (*found, "residency", *declared)


def unmet(programme: Programme, conditions: Collection[str]) -> tuple[Outcome, ...]:
    """These conditions as outcomes, in the programme's order. One that the section doesn't have (any more) is left out."""
    return tuple(Outcome(c, False, programme.section, FOUND) for c in refusable(programme) if c in conditions)
