"""How long something is kept stands within law twice: in the rule, and in the database for whoever writes past it."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from programmes.core.retention import amount_of
from programmes.core.retention_rules import RULES, SUBJECTS, Subject, within_law, wrong_amount
from programmes.core.tables import RetentionChoice
from programmes.oversight.log import chain_queries

START = datetime(2026, 9, 2, 8, tzinfo=UTC)
_INSERT = """insert into retention_choice (subject, amount, decision, staff_id, chosen_at)
             values ($1, $2, 'KS 2026/1', 1, $3)"""


@given(st.sampled_from(SUBJECTS), st.integers(-1000, 1000))
def test_an_amount_is_brought_within_law_and_left_alone_there(subject: Subject, amount: int) -> None:
    kept = within_law(subject, amount)
    assert wrong_amount(subject, kept) is None
    assert (kept == amount) == (wrong_amount(subject, amount) is None)


async def test_the_database_takes_nothing_outside_law_and_says_by_which_rule(db: None, owner: asyncpg.Connection) -> None:
    for subject, rule in RULES.items():
        for amount in (rule.least, rule.most):
            await owner.execute(_INSERT, subject, amount, START)
        for amount in (rule.least - 1, rule.most + 1):
            with pytest.raises(asyncpg.CheckViolationError) as refused:
                await owner.execute(_INSERT, subject, amount, START + timedelta(hours=1))
            assert refused.value.constraint_name in {"amount_within_law", "sensible_amount"}
        assert await amount_of(subject) == rule.most
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(_INSERT, "no_such_class", 5, START)


async def test_rows_from_before_the_rule_are_read_within_law(db: None, owner: asyncpg.Connection) -> None:
    await owner.execute("alter table retention_choice drop constraint amount_within_law")
    try:
        await owner.execute(_INSERT, "protected_record", 1, START)
        assert await amount_of("protected_record") == RULES["protected_record"].least
    finally:
        await owner.execute("delete from retention_choice")
        await owner.execute("alter table retention_choice add constraint amount_within_law check (" + _condition() + ")")
    await owner.execute("update retention_rule set years = 1 where subject = 'access_log'")
    try:
        assert await chain_queries.years_kept("access_log") == RULES["access_log"].least
    finally:
        await owner.execute("update retention_rule set years = 5 where subject = 'access_log'")


def _condition() -> str:
    [found] = [one for one in RetentionChoice._meta.constraints if one._meta.name == "amount_within_law"]
    return str(found.condition)
