"""docs/retention.md says of every table how long it is kept, and of every number what the code says."""

import re
from pathlib import Path

from programmes.core.retention_rules import RULES, Subject
from programmes.piccolo_app import APP_CONFIG

PAGE = Path(__file__).resolve().parents[2] / "docs" / "retention.md"
# How the page words the numbers of a class that has some: what is usual, and what an office may choose.
SAID: dict[Subject, tuple[str, str]] = {
    "protected_record": ("five years", "5 to 30 years"),
    "working_list": ("30 days", "fixed"),
    "ballots_unread": ("12 months", "1 to 24"),
    "access_log": ("5 years", "2 to 70"),
    "audit_entry": ("10 years", "5 to 70"),
    "notice": ("12 months", "6 to 60"),
}


def test_every_table_stands_on_the_page_once_and_no_other() -> None:
    listed = re.findall(r"`([a-z_]+)`", PAGE.read_text(encoding="utf-8").partition("## Every table")[2].partition("|")[2])
    assert sorted(listed) == sorted(table._meta.tablename for table in APP_CONFIG.table_classes)


def test_the_numbers_on_the_page_are_those_of_the_rules() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    for subject, rule in RULES.items():
        usual, span = SAID[subject]
        assert any(usual in row and span in row for row in rows), subject
        number = 5 if usual.startswith("five") else int(usual.split()[0])
        assert (number, usual.split()[1]) == (rule.amount, rule.unit)
        limits = (rule.amount, rule.amount) if span == "fixed" else tuple(int(n) for n in re.findall(r"\d+", span))
        assert limits == (rule.least, rule.most), subject
