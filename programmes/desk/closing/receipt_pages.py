"""The receipt of a working list."""

from dataclasses import dataclass
from datetime import date

from programmes.attendance.rules import Kind
from programmes.core.i18n import day_plain
from programmes.desk.closing.kept_pages import WhatHappens, what_happens
from programmes.desk.closing.receipt_wording_rules import Link, by_whom, rule_text


@dataclass(frozen=True)
class ReceiptPage:
    programme: str
    group: Link | None
    day: str
    rule: str
    by: str
    what: WhatHappens
    decision: str


def group_link(cohort_id: int, name: str) -> Link:
    """The way to the cohort, for who works with it."""
    return Link(name, f"/personal/grupper/{cohort_id}")


def receipt_page(
    programme: str, group: Link | None, kind: Kind, form: str, rule: str, day: date, by: str | None, decision: str
) -> ReceiptPage:
    """The receipt: what went, when, by which rule, by whom. It names nobody who took part and says no number of them."""
    return ReceiptPage(
        programme=programme,
        group=group,
        day=day_plain(day),
        rule=rule_text(rule, by is None),
        by=by_whom(by),
        what=what_happens(kind, form, rule != "cancelled"),
        decision=decision,
    )
