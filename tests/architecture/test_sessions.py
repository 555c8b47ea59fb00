"""Connections go back to the pool as they are (core/db.py), so nothing may be left in a session."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Locks, settings, roles, cursors and channels that would outlive the transaction.
LEFT_BEHIND = r"pg_(?:try_)?advisory_lock|\b(?:set session|set role \w+\b(?! ?=)|listen \w+[\";])|with hold"


def test_no_statement_leaves_anything_in_its_session() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in sorted((ROOT / "programmes").rglob("*.py"))
        for match in re.finditer(LEFT_BEHIND, path.read_text(encoding="utf-8"), re.IGNORECASE)
    ]
    assert found == []


def test_what_would_be_left_behind_is_noticed() -> None:
    for statement in (
        "select pg_advisory_lock(1)",
        "SET SESSION timezone = 'UTC'",
        "listen changes;",
        "set role programmes_web",
    ):
        assert re.search(LEFT_BEHIND, statement, re.IGNORECASE)
    for statement in ("select pg_advisory_xact_lock(1)", "set local statement_timeout = 1", "update x set role = 'leader'"):
        assert not re.search(LEFT_BEHIND, statement, re.IGNORECASE), statement
