"""Ballot boxes made worse on purpose: each attack has to find what is wrong with one of them, or it shows nothing."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

_REWRITES = re.compile(r"with taken as .*?order by fresh;", re.DOTALL)

# What stands in `cast_ballot`, and what stands there instead.
_INSTEAD: dict[str, tuple[re.Pattern[str], str]] = {
    "only adds": (_REWRITES, "insert into sealed_answer (id, ballot_id, blob) values (gen_random_uuid(), box, sealed);"),
    "keeps the order": (re.compile(r" order by fresh;"), ";"),
    "time in the ids": (re.compile(r"gen_random_uuid\(\)"), "uuidv7()"),
    "an audit entry": (
        re.compile(r"  return true;"),
        "insert into audit_entry (at, action, subject) values (clock_timestamp(), 'ballot:close', 'cohort/1'); return true;",
    ),
    "not atomic": (re.compile(r"if not found then"), "if false then"),
    "the slip in the log": (re.compile(r"  return true;"), "raise log 'cast %', encode(slip_digest, 'hex'); return true;"),
}
# What the tables get more, and how it goes again.
_MORE = {
    "when": (
        "alter table sealed_answer add column voted_at timestamptz not null default clock_timestamp()",
        "alter table sealed_answer drop column voted_at",
    ),
    "a number": ("alter table sealed_answer add column number serial", "alter table sealed_answer drop column number"),
    "a foreign key": (
        "alter table sealed_answer add constraint watched foreign key (ballot_id) references ballot (id)",
        "alter table sealed_answer drop constraint watched",
    ),
}
HOW = (*_INSTEAD, *_MORE)


@asynccontextmanager
async def weakened(owner: asyncpg.Connection, how: str) -> AsyncIterator[None]:
    """A box with one thing wrong with it, one of `HOW`; afterwards it is as it was."""
    if how in _MORE:
        there, back = _MORE[how]
    else:
        back = await owner.fetchval("select pg_get_functiondef('cast_ballot(bytea, bytea)'::regprocedure)")
        pattern, instead = _INSTEAD[how]
        there, changed = pattern.subn(instead, back)
        assert changed == 1, f"cast_ballot no longer says what {how!r} takes away"
    await owner.execute(there)
    try:
        yield
    finally:
        await owner.execute(back)
