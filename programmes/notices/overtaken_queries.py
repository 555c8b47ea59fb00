"""SQL: which messages a newer one has taken the place of, so that nobody need hear of them any more."""

from collections.abc import Iterable

from programmes.notices.rules import OF_ALL, OF_CHANGES, REMINDERS


def kinds(found: Iterable[str]) -> str:
    """Names of kinds, of ours and of nobody else's, as an array."""
    return "array[" + ", ".join(f"'{kind}'" for kind in sorted(found)) + "]"


def topic(n: str) -> str:
    """What the notice `n` is about. A message about changed sessions stands by itself, while something is otherwise than its
    receiver believes; of the start and of a person's own place the last one is the one that is true."""
    return f"""case when {n}.believed is not null and {n}.kind = any({kinds(OF_CHANGES)}) then {n}.id::text
                     when {n}.session_id is not null then 's' || {n}.session_id
                     when {n}.kind = any({kinds(OF_ALL)}) then 'all'
                     when {n}.kind = 'cohort_started' then 'start'
                     when {n}.kind in ('rest_moved', 'change_undone') then 'change'
                     when {n}.kind like 'visit_%' then 'visit' when {n}.kind = 'accept_new' then 'text'
                     when {n}.kind = 'place_free' then 'free' else 'own' end"""


# SQL of the notice `n`, which has not reached its receiver: whether a newer one tells all that it would have told, or one of
# the same has reached them.
OVERTAKEN = f"""(n.believed is not distinct from '{{}}' or n.kind <> all({kinds(REMINDERS)}) and exists (
    select from notice newer where newer.enrolment_id = n.enrolment_id and newer.created_at > n.created_at
      and newer.sent_at is not null and newer.kind <> all({kinds(REMINDERS)}) and {topic("newer")} = {topic("n")}))"""


def told_again(n: str) -> str:
    """Whether the notice `n` says that a first right to another start is over before its time: one of its kind, which told
    of the right, had reached them before (decision 103)."""
    return f"""({n}.kind in ('cohort_cancelled', 'rest_cancelled', 'queue_ended') and exists (
                 select from notice told where told.enrolment_id = {n}.enrolment_id and told.kind = {n}.kind
                   and told.created_at < {n}.created_at and told.sent_at is not null))"""
