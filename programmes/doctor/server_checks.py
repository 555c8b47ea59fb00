"""The checks of the database server and of this release's place in it: version, what it keeps, roles and their rights,
migrations, several hosts."""

import asyncio
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import asyncpg

from programmes.core import refusals, schema
from programmes.core.db import fetch, fetchrow
from programmes.doctor.findings import Finding, Level, Patient
from programmes.setting_values import hosts
from programmes.settings import Settings

_WANTED = 18
_HOST_SECONDS = 4.0


def away_finding(error: str, settings: Settings) -> Finding:
    """Why the database does not answer, by the class of the error."""
    told, mend = refusals.in_words(error)
    if error == "InvalidCatalogNameError":
        mend = _make_it(settings)
    says = f"The database does not answer, so that nothing in it could be looked at. {told or f'({error})'}"
    return Finding("database", "fault", says.strip(), mend)


def _make_it(settings: Settings) -> str:
    """How the database of the address is made. Of web's and worker's settings nobody can tell who its owner is to be."""
    parts = urlsplit(settings.database_url)
    name, role = _quoted(unquote(parts.path.lstrip("/"))), _quoted(unquote(parts.username or ""))
    mend = f"Correct the name in DATABASE_URL; or make it: create database {name} owner {role};"
    if settings.database_url in {settings.web_database_url, settings.worker_database_url}:
        mend += f" Where web and worker have roles of their own, and {role} is one of those: owner the role of the owner's"
        mend += " DATABASE_URL instead."
    return mend


def _quoted(name: str) -> str:
    """As psql takes it."""
    return name if re.fullmatch("[a-z_][a-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'


# What breaks promise 7 (what was acknowledged is kept), and what they must be. The first of the two is what to set.
_KEPT = {
    "fsync": ("on",),
    "full_page_writes": ("on",),
    "synchronous_commit": ("on", "local", "remote_write", "remote_apply"),
}


def version_findings(number: int, encoding: str) -> Iterator[Finding]:
    """`number` as server_version_num."""
    major = number // 10_000
    if major < _WANTED:
        told = f"PostgreSQL {major} is older than this release has been tried with."
        yield Finding("database version", "fault", told, f"Move to PostgreSQL {_WANTED} (pg_upgrade, or dump and restore).")
    elif major > _WANTED:
        yield Finding("database version", "note", f"PostgreSQL {major} is newer than this release has been tried with.")
    else:
        yield Finding("database version", "ok", f"PostgreSQL {major}.{number % 10_000}.")
    if encoding != "UTF8":
        told = f"The database's encoding is {encoding}: not every name can be written."
        mend = "Make it anew: create database … encoding 'UTF8' template template0; then restore."
        yield Finding("database version", "fault", told, mend)


def kept_findings(found: Mapping[str, str], demo: bool = False) -> Iterator[Finding]:
    """Whether what was acknowledged outlives a crash, by the server's settings."""
    wrong = [name for name, fine in _KEPT.items() if name in found and found[name] not in fine]
    for name in wrong:
        level: Level = "note" if demo else "fault"
        told = f"{name} is {found[name]}: a crash loses what people were told is done."
        mend = f"alter system set {name} = '{_KEPT[name][0]}'; and restart PostgreSQL."
        yield Finding("database durability", level, told, "" if demo else mend)
    if not wrong:
        yield Finding("database durability", "ok", "What is committed outlives a crash of the database.")


def connection_findings(used: int, most: int) -> Iterator[Finding]:
    """How near the server is to refusing connections."""
    if used * 10 >= most * 8:
        told = f"{used} of {most} connections of the database are taken."
        mend = "Raise max_connections, or lower PROGRAMMES_POOL_SIZE: each web process takes as many, the worker seven."
        yield Finding("database connections", "warning", told, mend)
    else:
        yield Finding("database connections", "ok", f"{used} of {most} connections of the database are taken.")


async def server(patient: Patient) -> Sequence[Finding]:
    """The database server: its version, what it keeps, how many connections are left."""
    found = {row["name"]: row["setting"] for row in await fetch("select name, setting from pg_settings")}
    row = await fetchrow("""select count(*)::int as used,
      (select pg_encoding_to_char(encoding) from pg_database where datname = current_database()) as encoding
      from pg_stat_activity where backend_type = 'client backend'""")
    assert row is not None
    most = int(found["max_connections"]) - int(found["superuser_reserved_connections"])
    return [
        *version_findings(int(found["server_version_num"]), row["encoding"]),
        *kept_findings(found, patient.settings.demo),
        *connection_findings(row["used"], most),
    ]


@dataclass(frozen=True)
class Role:
    """A role that has rights to the tables, and what it may. `ballots`: reads the boxes; `rewrites`: may change or remove
    what is only added to; `closed`: how many tables it can't read that web and worker need; `counters`: sees how often each
    table is written."""

    name: str
    ballots: bool = False
    rewrites: bool = False
    closed: int = 0
    counters: bool = False
    powers: tuple[str, ...] = ()


# What web must not read, and what neither may change, as far as a promise rests on it; `programmes/migrate.py` has all.
BALLOTS = ("slip", "sealed_answer", "printed_slip", "held_text", "review_text")
ADDED_ONLY = ("record_look", "look_link", "agreement_text", "release")
_ROLES = """
with own as (select c.oid, c.relname, c.relowner from pg_class c where c.relnamespace = 'public'::regnamespace
               and c.relkind in ('r', 'p')),
     app as (select distinct r.oid, r.rolname, r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolreplication, r.rolbypassrls
             from own, aclexplode((select relacl from pg_class x where x.oid = own.oid)) a
             join pg_roles r on r.oid = a.grantee
             where own.relname = 'enrolment' and a.grantee <> own.relowner)
select app.rolname as name,
  (select bool_or(has_table_privilege(app.oid, own.oid, 'select')) from own where relname = any($1)) as ballots,
  (select bool_or(has_table_privilege(app.oid, own.oid, 'update') or has_table_privilege(app.oid, own.oid, 'delete'))
   from own where relname = any($2)) as rewrites,
  (select count(*) from own where relname <> all($1) and not has_table_privilege(app.oid, own.oid, 'select'))::int as closed,
  has_function_privilege(app.oid, 'pg_stat_get_live_tuples(oid)', 'execute') as counters,
  array_remove(array[
    case when app.rolsuper then 'superuser' end, case when app.rolcreaterole then 'createrole' end,
    case when app.rolcreatedb then 'createdb' end, case when app.rolreplication then 'replication' end,
    case when app.rolbypassrls then 'bypassrls' end,
    case when exists (select from pg_auth_members m where m.member = app.oid) then 'member of another role' end,
    case when exists (select from own where relowner = app.oid) then 'owner of tables' end], null) as powers
from app order by 1
"""


def role_findings(roles: Sequence[Role], owner: bool, patient_is_web: bool, demo: bool = False) -> Iterator[Finding]:
    """What the roles may beyond what they must. `owner`: this process is the tables' owner itself."""
    check = "database roles"
    faults = [*_too_much(check, roles), *_apart(check, roles)]
    if owner and patient_is_web:
        told = "Web works with the database's owner: it could read every ballot, and remove what has been looked at."
        mend = "Give web an address of its own (PROGRAMMES_WEB_DATABASE_URL for migrate, DATABASE_URL for web)."
        faults.append(Finding(check, "note" if demo else "fault", told, "" if demo else mend))
    yield from faults
    if any(role.counters and not role.ballots for role in roles):
        told = "Web's role sees the server's counters: whoever takes over web can count votes so. On a server of one's own:"
        told += " programmes migrate by an owner who is superuser takes them away (docs/evaluation.md)."
        yield Finding(check, "note", told)
    if not faults:
        names = " and ".join(role.name for role in roles)
        yield Finding(check, "ok", f"{names} have rights of their own, and no more than they need.")


def _too_much(check: str, roles: Sequence[Role]) -> Iterator[Finding]:
    for role in roles:
        if role.powers:
            told = f"The role {role.name} is {', '.join(role.powers)}."
            mend = (
                f"alter role {role.name} nosuperuser nocreaterole nocreatedb noreplication nobypassrls; and revoke from it"
            )
            yield Finding(check, "fault", told, f"{mend} the roles that it is in.")
        elif role.rewrites:
            told = f"The role {role.name} may change or remove what is only ever added to, the log of looks among it."
            yield Finding(check, "fault", told, "programmes migrate takes that away.")
        if role.closed:
            told = f"The role {role.name} cannot read {role.closed} tables: this release's, or made by another owner."
            yield Finding(check, "fault", told, "programmes migrate, with the role that owns the other tables.")


def _apart(check: str, roles: Sequence[Role]) -> Iterator[Finding]:
    """Whether just one role, the worker's, reads the boxes."""
    readers = [role.name for role in roles if role.ballots and not role.powers]
    if len(readers) > 1:
        told = f"{' and '.join(readers)} may read the ballot boxes: only the worker's role may."
        mend = "revoke all on all tables in schema public from the one that is web's; then programmes migrate."
        yield Finding(check, "fault", told, mend)
    if len(roles) < 2:
        told = "Web and worker have no roles of their own in this database."
        mend = "Name them in PROGRAMMES_WEB_DATABASE_URL and PROGRAMMES_WORKER_DATABASE_URL, and run programmes migrate."
        yield Finding(check, "fault", told, mend)


async def roles(patient: Patient) -> Sequence[Finding]:
    """The roles of web and worker, read from the catalogue, whoever asks."""
    rows = await fetch(_ROLES, list(BALLOTS), list(ADDED_ONLY))
    row = await fetchrow(
        "select pg_get_userbyid(relowner) = current_user as owner from pg_class where relname = 'enrolment'"
    )
    found = [Role(**{**dict(row), "powers": tuple(row["powers"])}) for row in rows]
    return [*role_findings(found, bool(row and row["owner"]), patient.part == "web", patient.settings.demo)]


def migration_findings(done: Collection[str], known: Collection[str]) -> Iterator[Finding]:
    """Whether database and program are of one release."""
    check, behind, ahead = "migrations", set(known) - set(done), set(done) - set(known)
    if ahead:
        told = f"The database is newer than this program: {len(ahead)} migrations are of a later release."
        yield Finding(check, "fault", told, "Is an upgrade going on? Then finish it. Else install the later release again.")
    if behind:
        told = f"The database is older than this program: {len(behind)} migrations have not been run."
        yield Finding(check, "fault", told, "programmes migrate, with the owner's settings.")
    if not ahead and not behind:
        yield Finding(check, "ok", f"The database is at this release: {len(set(known))} migrations.")


TABLES = "tables"
_NEW = (
    "A new installation: programmes migrate, with the owner's settings. If a backup is to be put back into it: programmes"
    " restore first, and no migrate before it, which fills the database, so that restore refuses it (docs/operations.md, Put"
    " it back)."
)


async def tables(_: Patient) -> Sequence[Finding]:
    """Whether the database is an empty one, which nothing else can be asked of; nothing is said where it has tables."""
    if await schema.is_empty():
        return [Finding(TABLES, "fault", "The database is empty: no table of ours is in it.", _NEW)]
    return []


async def migrations(patient: Patient) -> Sequence[Finding]:
    """Whether all migrations of this release have been run, and no others."""
    rows = await fetch("select name from migration where app_name = 'programmes'")
    return [*migration_findings({row["name"] for row in rows}, schema.known())]


def host_findings(found: Sequence[tuple[str, str]]) -> Iterator[Finding]:
    """Of several hosts of the database: each with `primary`, `standby`, or the class of the error that came."""
    check = "database hosts"
    for host, state in found:
        if state not in {"primary", "standby"}:
            told = f"{host} does not answer ({state}): without it there is nobody to take over."
            yield Finding(check, "warning", told, "Start it, or take it out of DATABASE_URL.")
    primaries = [host for host, state in found if state == "primary"]
    if len(primaries) > 1:
        told = f"{' and '.join(primaries)} both say that they are the primary: what is written to one the other loses."
        mend = "Stop the one that was primary before, at once, and make it a standby of the other (pg_rewind)."
        yield Finding(check, "fault", told, mend)
    elif primaries and all(state in {"primary", "standby"} for _, state in found):
        yield Finding(check, "ok", f"All {len(found)} hosts of the database answer; {primaries[0]} is the primary.")


async def _state(url: str, host: str, port: int) -> str:
    try:
        async with asyncio.timeout(_HOST_SECONDS):
            connection = await asyncpg.connect(url, host=host, port=port, target_session_attrs="any")
            try:
                return "standby" if await connection.fetchval("select pg_is_in_recovery()") else "primary"
            finally:
                connection.terminate()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return type(error).__name__


async def database_hosts(patient: Patient) -> Sequence[Finding]:
    """Each of several hosts by itself; nothing is said where there is one."""
    several = hosts(patient.settings.database_url)
    if len(several) < 2:
        return []
    states = await asyncio.gather(*(_state(patient.settings.database_url, *one) for one in several))
    return [*host_findings([(f"{host}:{port}", state) for (host, port), state in zip(several, states, strict=True)])]
