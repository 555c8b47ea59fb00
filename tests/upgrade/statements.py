"""What the processes of a release asked the database, as the server wrote it down; and what the tables were then."""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import asyncpg

from programmes.private_server import PrivateServer

ROLES = ("programmes_web", "programmes_worker")
# Only these can be prepared, and only in these does a table, a column or a function stand.
_PREPARED = re.compile(r"^(with|select|insert|update|delete|merge|values|table)\b", re.IGNORECASE)
_SAID = re.compile(r"^(?P<role>\w*)\|LOG:  (?:execute [^:]*|statement): (?P<sql>.*)$")


async def write_down(owner: asyncpg.Connection | asyncpg.Pool) -> None:
    """Have the server write every statement of web and worker into its log, for connections that are still to come. Of a
    throw-away server only: in a real one the log would say what somebody typed (`programmes doctor` warns)."""
    await owner.execute("alter system set log_line_prefix = '%u|'")
    await owner.execute("select pg_reload_conf()")
    for role in ROLES:
        await owner.execute(f"alter role {role} set log_statement = 'all'")
        await owner.execute(f"alter role {role} set log_parameter_max_length = 0")


async def write_down_no_more(owner: asyncpg.Connection | asyncpg.Pool) -> None:
    for role in ROLES:
        await owner.execute(f"alter role {role} reset all")


def written_down(server: PrivateServer) -> dict[str, list[str]]:
    """Each statement of each role once, in one line, by the alphabet."""
    found: dict[str, set[str]] = {role: set() for role in ROLES}
    role, sql = "", ""
    for line in (server.home / "server.log").read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("\t"):
            sql += "\n" + line
            continue
        _keep(found, role, sql)
        said = _SAID.match(line)
        role, sql = (said["role"], said["sql"]) if said else ("", "")
    _keep(found, role, sql)
    return {name: sorted(each) for name, each in found.items()}


def _keep(found: dict[str, set[str]], role: str, sql: str) -> None:
    one = " ".join(re.sub(r"--[^\n]*", "", sql).split()).rstrip(";")
    if role in found and _PREPARED.match(one) and "pg_catalog" not in one and "typeinfo" not in one:
        found[role].add(one)


_TABLES = """
select c.relname || '.' || a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required,
       a.atthasdef or a.attidentity <> '' as filled
from pg_attribute a join pg_class c on c.oid = a.attrelid
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
order by 1
"""
_RULES = """
select c.relname || '.' || k.conname as name, pg_get_constraintdef(k.oid) as said
from pg_constraint k join pg_class c on c.oid = k.conrelid
where c.relnamespace = 'public'::regnamespace and k.contype not in ('n', 't')
union all
select t.relname || '.' || i.relname, pg_get_indexdef(i.oid)
from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
where t.relnamespace = 'public'::regnamespace and x.indisunique
  and not exists (select from pg_constraint k where k.conindid = i.oid)
union all
select c.relname || '.' || g.tgname, pg_get_triggerdef(g.oid) || ' ' || md5(p.prosrc)
from pg_trigger g join pg_class c on c.oid = g.tgrelid join pg_proc p on p.oid = g.tgfoid
where c.relnamespace = 'public'::regnamespace and not g.tgisinternal
order by 1
"""
_FUNCTIONS = """
select p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' as name, pg_get_function_result(p.oid) as said
from pg_proc p where p.pronamespace = 'public'::regnamespace
  and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
order by 1
"""
# Of each table and each kind of statement the columns for which the role has the right: all, or some.
_RIGHTS = """
select c.relname || ' ' || r.kind as name,
       case when has_table_privilege($1, c.oid, r.kind) then '*'
            else (select string_agg(a.attname, ' ' order by a.attname) from pg_attribute a
                  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and r.kind <> 'delete'
                    and has_column_privilege($1, c.oid, a.attnum, replace(r.kind, 'delete', 'select'))) end as said
from pg_class c cross join unnest('{select,insert,update,delete}'::text[]) as r(kind)
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
order by 1
"""
_CALLS = """
select p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' as name from pg_proc p
where p.pronamespace = 'public'::regnamespace and has_function_privilege($1, p.oid, 'execute') order by 1
"""


async def schema_of(owner: asyncpg.Connection | asyncpg.Pool) -> dict[str, Any]:
    """What the tables are, and what web and worker may do with them: all that a release relies on."""
    columns = {
        row["name"]: [row["type"], "required" if row["required"] and not row["filled"] else "may be left out"]
        for row in await owner.fetch(_TABLES)
    }
    return {
        "columns": columns,
        "rules": {row["name"]: row["said"] for row in await owner.fetch(_RULES)},
        "functions": {row["name"]: row["said"] for row in await owner.fetch(_FUNCTIONS)},
        "rights": {role: {r["name"]: r["said"] for r in await owner.fetch(_RIGHTS, role) if r["said"]} for role in ROLES},
        "calls": {role: [r["name"] for r in await owner.fetch(_CALLS, role)] for role in ROLES},
    }


def save(folder: Path, ref: str, migration: str, schema: dict[str, Any], statements: dict[str, list[str]]) -> None:
    """The record of a release, as files that can be read and compared."""
    folder.mkdir(exist_ok=True)
    told = {"ref": ref, "migration": migration, **schema}
    (folder / "schema.json").write_text(json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
    for role, each in statements.items():
        (folder / f"{role.removeprefix('programmes_')}.sql").write_text("".join(f"{sql};\n" for sql in each), "utf-8")


def load(folder: Path) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The record as it was saved."""
    told: dict[str, Any] = json.loads((folder / "schema.json").read_text(encoding="utf-8"))
    names: Iterable[str] = ROLES
    statements: dict[str, Sequence[str]] = {
        role: (folder / f"{role.removeprefix('programmes_')}.sql").read_text(encoding="utf-8").split(";\n")[:-1]
        for role in names
    }
    return told, {role: list(each) for role, each in statements.items()}
