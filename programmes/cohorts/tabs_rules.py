"""The pages of one group, the same on each of them whichever feature shows it."""

from programmes.cohorts.words_rules import words_for
from programmes.core.i18n import gettext as _


def tabs(cohort_id: int, form: str, state: str, visits: bool) -> tuple[tuple[str, str], ...]:
    """Label and address of every page that a group in this state has. `visits`: study visits are worked with
    (`visit_queries.has_visits`)."""
    base = f"/personal/grupper/{cohort_id}"
    running = state == "started" or (form == "drop_in" and state == "open")
    found = [
        (_("Översikt"), base, True),
        (_("Checklista"), f"{base}/checklista", form != "drop_in"),
        (words_for(form).many, f"{base}/traffar", True),
        (_("Närvaro"), f"{base}/narvaro", running),
        (_("Studiebesök"), f"{base}/studiebesok", visits),
        (_("Utskrifter"), f"{base}/utskrifter", True),
        (_("Utvärdering"), f"{base}/utvardering", form == "group"),
        (_("Avsluta"), f"{base}/avsluta", state not in {"planned", "postponed"}),
    ]
    return tuple((label, address) for label, address, there in found if there)
