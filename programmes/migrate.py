"""Bringing a database to this release: tables, the job queue's schema, roles and their rights, the guideline's edition."""

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import unquote, urlsplit

import asyncpg
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

from programmes.catalogue.services import load_editions
from programmes.core.connecting import connect
from programmes.core.db import close_pool, open_pool
from programmes.settings import Settings
from programmes.upgrading.errors import UpgradeError
from programmes.upgrading.forwards import alone, forwards
from programmes.upgrading.patience import LOCK_TIMEOUT, Say, patiently

# What web may not touch: it reaches the ballot box through functions only (promise 3), and the audit trail only grows.
_HIDDEN_FROM_WEB = ("slip", "printed_slip", "sealed_answer", "held_text", "review_text")
_APPEND_ONLY_FOR_WEB = (
    "audit_entry",
    "erasure_receipt",
    "record_look",
    "look_review_mark",
    "look_review_signed",
    "retention_choice",
)
_READ_ONLY_FOR_WEB = (
    "edition",
    "programme",
    "release",
    "release_text",
    "text_review",
    "migration",
    "key_folder",
    "look_link",
    "look_checkpoint",
    "look_day",
    "chain_check",
    "retention_rule",
    "look_review",
    "look_review_line",
    "log_digest",
    "staff_digest",
    "kept_figure",
    "retention_run",
    "retention_receipt",
    "group_role",
    "clock_trace",
    "restore_mark",
    "text_gateway",
    "carrier_trace",
    "backup_trace",
)
# Who works here is made and changed in a shell, or by `admit_subject` for single sign-on. Web changes a password, no more.
_STAFF = ("staff", "staff_role")
_ADMIT = "admit_subject(text, text, text, text, text[], text[], timestamptz)"
# A version of a text that people accept is written once; another wording is another version.
# The access log and its chain are only ever added to: lines go through `forget_looks` alone, which only the worker may call.
# A version of an evaluation's form, and what an evaluation has released, never change (DESIGN 7); words are struck by
# `strike_own_words` and `strike_comment`, which can only blank.
# What a cohort came to is a report's source for as long as there are reports.
_WRITTEN_ONCE = (
    "agreement_text",
    "record_look",
    "look_link",
    "look_checkpoint",
    "retention_choice",
    "retention_receipt",
    "evaluation_form",
    "release",
    "release_text",
    "closed_figures",
    "annual_report",
)
# A hold on a record is set and lifted, and stands there afterwards: neither role changes its terms or takes it away. With
# the record it goes by the foreign key.
_ONLY_LIFTED = ("retention_hold", "lifted_at, lifted_by")
# A decision that is taken back, and a check of somebody's identity, stay: neither role deletes them, and of what they say
# only this changes. With the cohort, or the record, they go by the foreign key.
_KEPT = (("start_decision", "confirmed, undone_at, undone_by"), ("identity_check", "number_read"))
# Every function that a role may call; web reaches the ballot box, and takes back a coming text, through these alone.
_CALLED_BY_BOTH = ("ballot_lock(uuid)", "forget_trail(integer)")
_CALLED_BY_WORKER = (*_CALLED_BY_BOTH, "forget_looks()")
_CALLED_BY_WEB = (
    *_CALLED_BY_BOTH,
    "issue_slips(uuid, bytea[])",
    "issue_slips(uuid, bytea[], integer)",
    "slip_ballot(bytea)",
    "cast_ballot(bytea, bytea)",
    "review_texts(uuid, integer)",
    "keep_drafts(uuid, integer, uuid[], bytea[])",
    "strike_own_words(text, integer, text, integer, timestamptz)",
    "strike_comment(text, uuid, integer, timestamptz)",
    "withdraw_text(integer, date)",
    _ADMIT,
)
# Of a box web closes it, takes its number of slips away and writes what the group said; which release it stands in is the
# worker's. No box is ever deleted: its words are part of a release.
_OF_A_BOX = "state, closed_on, own_words, slips"
# The server counts what is done to each table, and says it to everybody: how many rows came and went, and how large a table
# is, would tell how many have voted. Worker and pg_monitor keep it.
_COUNTERS = """
select p.oid::regprocedure::text as name from pg_proc p
where p.pronamespace = 'pg_catalog'::regnamespace and (
  p.proname ~ '^pg_stat_get_(xact_)?(numscans|tuples_|blocks_|function_|ins_|mod_|live_|dead_|lastscan|last_)'
  or p.proname ~ '^pg_stat_get_((auto)?(vacuum|analyze)_count|total_(auto)?(vacuum|analyze)_time|db_(tuples|blocks)_)'
  or p.proname in ('pg_relation_size', 'pg_table_size', 'pg_indexes_size', 'pg_total_relation_size'))
order by 1
"""
# Of the catalogue of tables all but how much lies in each, as of the last time that the server looked.
_ABOUT_TABLES = """
select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
where attrelid = 'pg_class'::regclass and not attisdropped
  and attname <> all('{relpages,reltuples,relallvisible,relallfrozen}'::name[])
"""
# pgqueuer writes down every job it has ever done, and that counts who applied and left, by the second (promise 2).
_NO_QUEUE_LOG = """
create or replace function queue_keeps_no_log() returns trigger language plpgsql as $$ begin return null; end $$;
revoke execute on function queue_keeps_no_log() from public;
create or replace trigger queue_keeps_no_log before insert on pgqueuer_log
    for each row execute function queue_keeps_no_log();
delete from pgqueuer_log;
delete from pgqueuer_statistics;
"""


@dataclass(frozen=True)
class _RoleAddress:
    user: str
    password: str


def _role_of(url: str) -> _RoleAddress:
    parts = urlsplit(url)
    return _RoleAddress(unquote(parts.username or ""), unquote(parts.password or ""))


async def migrate(settings: Settings, now: datetime, say: Say = lambda _: None) -> bool:
    """Run everything forwards, one `migrate` at a time. Safe to run again, and by an interrupted run's successor.
    `say` hears what is being done.

    False when web keeps the right to write staff until the next run, since the release before may still need it.

    Raises:
        UpgradeError: it can't be done, in words; what was done before stays and is not done twice.
    """
    must_be_two(settings)
    await must_own(settings)
    # Piccolo reports the server's version whenever it connects.
    logging.getLogger("piccolo").setLevel(logging.WARNING)
    async with alone(settings.database_url, say):
        await open_pool(settings.database_url, 2, patience=None)
        try:
            await forwards(say)
            await load_editions(now)
            return await _around_the_tables(settings, say)
        finally:
            await close_pool()


async def _around_the_tables(settings: Settings, say: Say) -> bool:
    """The queue's schema, roles and rights, which stand in no migration. Whether web's rights are narrowed wholly."""
    connection = await connect(settings.database_url, server_settings={"lock_timeout": LOCK_TIMEOUT})
    narrowed: list[bool] = []

    async def give_rights() -> None:
        narrowed.append(await _grant(connection, settings))

    try:
        await patiently("The job queue's schema", partial(_install_queue, connection), say)
        await _tell_roles(connection, settings)
        await patiently("Giving web and worker their rights", give_rights, say)
        return narrowed[-1]
    finally:
        await connection.close()


async def _install_queue(connection: asyncpg.Connection) -> None:
    queue = Queries(AsyncpgDriver(connection))
    if await queue.schema_is_installed():
        await queue.upgrade()
    else:
        await queue.install()
    await connection.execute(_NO_QUEUE_LOG)


async def _ensure_role(connection: asyncpg.Connection, role: _RoleAddress) -> None:
    """Make a role that can sign in, once. A password that is already set is the administrator's and stays."""
    if not await connection.fetchval("select 1 from pg_roles where rolname = $1", role.user):
        statement = await connection.fetchval(
            "select format('create role %I login password %L', $1::text, $2::text)", role.user, role.password
        )
        await connection.execute(statement)


def must_be_two(settings: Settings) -> None:
    """Where web and worker have accounts of their own, they are two: the rights of one are not the other's.

    Raises:
        UpgradeError: both addresses name one account that is not the owner's.
    """
    owner, web, worker = (
        _role_of(url).user for url in (settings.database_url, settings.web_database_url, settings.worker_database_url)
    )
    if web == worker != owner:
        raise UpgradeError(
            f"PROGRAMMES_WEB_DATABASE_URL and PROGRAMMES_WORKER_DATABASE_URL name one account, {web}: each needs its own"
        )


async def must_own(settings: Settings) -> None:
    """`DATABASE_URL` is the owner's, where there are tables that somebody owns.

    Raises:
        UpgradeError: it is another account's.
    """
    connection = await connect(settings.database_url)
    try:
        mine = await connection.fetchval(
            "select pg_has_role(relowner, 'usage') from pg_class where oid = to_regclass('public.migration')"
        )
    finally:
        await connection.close()
    if mine is False:
        raise UpgradeError("this needs the database's owner: DATABASE_URL names another account. Nothing was done")


async def make_roles(settings: Settings) -> None:
    """The roles of web and worker where there are none yet, with no right: before a backup is put back that names them.

    Raises:
        UpgradeError: they are one.
    """
    must_be_two(settings)
    connection = await connect(settings.database_url)
    try:
        for url in (settings.web_database_url, settings.worker_database_url):
            await _ensure_role(connection, _role_of(url))
    finally:
        await connection.close()


async def _tell_roles(connection: asyncpg.Connection, settings: Settings) -> None:
    """Which roles single sign-on may give. Without a provider in the settings of this process it stays as it was."""
    if settings.single_sign_on is None:
        return
    roles = {(role, section) for _, role, section in settings.single_sign_on.roles}
    async with connection.transaction():
        await connection.execute("delete from group_role")
        await connection.executemany("insert into group_role (role, section) values ($1, $2)", sorted(roles))


async def _needs_staff(connection: asyncpg.Connection, role: str) -> bool:
    """Whether web writes staff itself, and no finished run has given it the function yet: then the release before, which
    knows no function, may be serving still."""
    return bool(
        await connection.fetchval(
            """select has_table_privilege(rolname, 'staff_role', 'insert')
                      and not has_function_privilege(rolname, $2, 'execute') from pg_roles where rolname = $1""",
            role,
            _ADMIT,
        )
    )


def _all_rights(web: str, worker: str, owner: str, *, waits: bool) -> list[str]:
    """Every statement that gives web and worker, by their quoted names, exactly their rights."""
    told: list[str] = []
    if worker != owner:
        # No release's worker has ever written staff.
        told += [*_rights(worker, _CALLED_BY_WORKER, ()), *_only_read(worker, (*_STAFF, "group_role"))]
    if web != owner:
        told += _rights(web, _CALLED_BY_WEB, _HIDDEN_FROM_WEB)
        if not waits:
            told += [*_only_read(web, _STAFF), f"grant update (password_hash) on staff to {web}"]
    return told


def _digest(statements: list[str]) -> str:
    """What a database says of the rights that were last given in it, as the comment of a table."""
    return f"rights {hashlib.sha256(';'.join(statements).encode()).hexdigest()[:32]}"


async def _grant(connection: asyncpg.Connection, settings: Settings) -> bool:
    """Give web and worker exactly their rights, where they have roles of their own. Whether web's are narrowed wholly.

    In one transaction: at no moment, and after no crash, has a running web process a right that is about to be taken away.
    """
    owner, web, worker = (
        _role_of(url) for url in (settings.database_url, settings.web_database_url, settings.worker_database_url)
    )
    async with connection.transaction():
        for role in (web, worker):
            if role.user != owner.user:
                await _ensure_role(connection, role)
        waits = web.user != owner.user and await _needs_staff(connection, web.user)
        statements = _all_rights(*await _quoted(connection, web, worker, owner), waits=waits)
        for statement in statements:
            await connection.execute(statement)
        if web.user != owner.user:
            await _hide_counters(connection, worker)
        await connection.execute(f"comment on table migration is '{_digest(statements)}'")
    return not waits


async def rights_to_come(connection: asyncpg.Connection, settings: Settings) -> list[str]:
    """What `migrate` would change of roles and rights, in words. Nothing is written."""
    owner, web, worker = (
        _role_of(url) for url in (settings.database_url, settings.web_database_url, settings.worker_database_url)
    )
    missing = [
        role.user
        for role in dict.fromkeys((web, worker))
        if not await connection.fetchval("select 1 from pg_roles where rolname = $1", role.user)
    ]
    told = [f"the role {name} would be made" for name in missing]
    given = await connection.fetchval("select obj_description(to_regclass('migration'), 'pg_class')")
    names = await _quoted(connection, web, worker, owner)
    if given == _digest(_all_rights(*names, waits=False)):
        return told
    if given == _digest(_all_rights(*names, waits=True)):
        return [*told, "web's right to write staff and roles would be taken away, which only the release before needs"]
    return [*told, "the rights of web and worker would be given as this release has them"]


async def queue_to_come(connection: asyncpg.Connection) -> list[str]:
    """What `migrate` would do to the job queue's own tables. Nothing is written."""
    queue = Queries(AsyncpgDriver(connection))
    if not await queue.schema_is_installed():
        return ["the job queue's tables would be made"]
    count = len((await queue.plan_upgrade()).statements)
    return [f"the job queue's tables would be changed, by {count} statement{'' if count == 1 else 's'}"] if count else []


async def sign_on_to_come(connection: asyncpg.Connection, settings: Settings) -> list[str]:
    """What `migrate` would change of the roles that single sign-on may give. Nothing is written."""
    if settings.single_sign_on is None or await connection.fetchval("select to_regclass('group_role') is null"):
        return []
    kept = {(row["role"], row["section"]) for row in await connection.fetch("select role, section from group_role")}
    wanted = {(role, section) for _, role, section in settings.single_sign_on.roles}
    return [] if kept == wanted else ["the roles that single sign-on may give would be those of the settings"]


async def _quoted(connection: asyncpg.Connection, *roles: _RoleAddress) -> list[str]:
    return [str(await connection.fetchval("select quote_ident($1)", role.user)) for role in roles]


async def _hide_counters(connection: asyncpg.Connection, worker: _RoleAddress) -> None:
    """Take from everybody what the server counts by table, where the owner may: on a server that somebody else administers
    it may not (docs/evaluation.md)."""
    if not await connection.fetchval("select rolsuper from pg_roles where rolname = current_user"):
        return
    [name] = await _quoted(connection, worker)
    keep = f"{name}, pg_monitor"
    functions = ", ".join(row["name"] for row in await connection.fetch(_COUNTERS))
    await connection.execute(f"revoke execute on function {functions} from public")
    await connection.execute(f"grant execute on function {functions} to {keep}")
    await connection.execute("revoke select on pg_class from public")
    await connection.execute(f"grant select ({await connection.fetchval(_ABOUT_TABLES)}) on pg_class to public")
    await connection.execute(f"grant select on pg_class to {keep}")


def _only_read(name: str, tables: tuple[str, ...]) -> list[str]:
    return [f"revoke insert, update, delete on {table} from {name}" for table in tables]


def _rights(name: str, called: tuple[str, ...], hidden: tuple[str, ...]) -> list[str]:
    table, columns = _ONLY_LIFTED
    told = [
        f"grant usage on schema public to {name}",
        f"grant select, insert, update, delete on all tables in schema public to {name}",
        f"grant usage, select on all sequences in schema public to {name}",
        f"revoke execute on all functions in schema public from {name}",
        *(f"grant execute on function {function} to {name}" for function in called),
        *(f"revoke update, delete on {once} from {name}" for once in _WRITTEN_ONCE),
        f"revoke delete on ballot from {name}",
        f"revoke update, delete on {table} from {name}",
        f"grant update ({columns}) on {table} to {name}",
        *(f"revoke update, delete on {kept} from {name}" for kept, _ in _KEPT),
        *(f"grant update ({changes}) on {kept} to {name}" for kept, changes in _KEPT),
        # An intent to destroy a key is made and carried out; it is never turned into another one.
        f"revoke update on key_destruction from {name}",
    ]
    if not hidden:
        return told
    return [
        *told,
        *(f"revoke all on {table} from {name}" for table in hidden),
        *(f"revoke update, delete on {table} from {name}" for table in _APPEND_ONLY_FOR_WEB),
        *_only_read(name, _READ_ONLY_FOR_WEB),
        f"revoke update on ballot from {name}",
        f"grant update ({_OF_A_BOX}) on ballot to {name}",
        # A coordinator asks for a review and signs it off; all else of it is the worker's.
        f"grant update (state) on text_review to {name}",
    ]
