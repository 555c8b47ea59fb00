"""Attack: a web process that has been taken over reads slips, sealed answers or keys with the rights that it has."""

import re
import stat
from pathlib import Path

import asyncpg
import pytest

from programmes.demo.processes import environment
from programmes.evaluation import services
from programmes.evaluation.queries import for_cohort
from programmes.settings import Settings
from tests.evaluation.conftest import GLAD, Groups

# All that web may do with the tables of the evaluation, and every function it may call. What is new has to be put here.
RIGHTS = {
    # Never which release it stands in.
    "ballot": "SELECT INSERT UPDATE",
    "release": "SELECT",
    "release_text": "SELECT",
    "evaluation_form": "SELECT INSERT",
    "form_choice": "SELECT INSERT UPDATE DELETE",
    # Of its state only: a coordinator asks for a review, and signs it off.
    "text_review": "SELECT UPDATE",
    "review_text": "",
    "slip": "",
    "printed_slip": "",
    "sealed_answer": "",
    "held_text": "",
}
CALLS = {
    "ballot_lock(uuid)": "holds off what else happens to a box",
    "issue_slips(uuid,bytea[])": "new slips, until the first answer",
    "issue_slips(uuid,bytea[],integer)": "the same, with the version of the form that they ask",
    "review_texts(uuid,integer)": "texts under review, to a coordinator of the programme, sealed",
    "keep_drafts(uuid,integer,uuid[],bytea[])": "what a coordinator will show instead of them, sealed",
    "slip_ballot(bytea)": "the box of a slip that somebody holds, used or not",
    "cast_ballot(bytea,bytea)": "a vote",
    "strike_own_words(text,integer,text,integer,timestamp with time zone)": "blanks what a group said, once it is shown",
    "strike_comment(text,uuid,integer,timestamp with time zone)": "blanks a comment that is shown",
    "withdraw_text(integer,date)": "nothing of an evaluation",
    "admit_subject(text,text,text,text,text[],text[],timestamp with time zone)": "nothing of an evaluation",
    "forget_trail(integer)": "nothing of an evaluation",
}
CALLS_OF_WORKER = {"ballot_lock(uuid)", "forget_trail(integer)", "forget_looks()"}
_KINDS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")
_WEB = "programmes_web"


async def _rights(owner: asyncpg.Connection, role: str) -> dict[str, str]:
    """What a role may do with every table and view of the evaluation, by name; a right on a single column too."""
    rows = await owner.fetch(
        """select c.relname::text as name, k.kind,
                  has_table_privilege($1, c.oid, k.kind) or (k.kind = any($4::text[])
                  and has_any_column_privilege($1, c.oid, case when k.kind = any($4) then k.kind else 'SELECT' end)) as may
           from pg_class c, unnest($2::text[]) as k (kind)
           where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v', 'm', 'p', 'f')
             and c.relname ~ $3 and c.relname !~ '^agreement|gateway'""",
        role,
        list(_KINDS),
        "ballot|slip|sealed|release|text|answer|vote|evaluation|form_choice",
        ["SELECT", "INSERT", "UPDATE", "REFERENCES"],
    )
    may = {(row["name"], row["kind"]) for row in rows if row["may"]}
    return {row["name"]: " ".join(kind for kind in _KINDS if (row["name"], kind) in may) for row in rows}


async def _calls(owner: asyncpg.Connection, role: str) -> set[str]:
    rows = await owner.fetch(
        """select oid::regprocedure::text as name from pg_proc
           where pronamespace = 'public'::regnamespace and prorettype <> 'trigger'::regtype
             and has_function_privilege($1, oid, 'execute')""",
        role,
    )
    return {row["name"] for row in rows}


async def test_every_right_that_web_has_on_an_evaluation_is_listed_here(owner: asyncpg.Connection, db: None) -> None:
    assert await _rights(owner, _WEB) == RIGHTS
    assert await _calls(owner, _WEB) == set(CALLS)
    assert await _calls(owner, "programmes_worker") == CALLS_OF_WORKER, "only web casts"
    # Nothing comes to it by another way: no role that it is a member of, nothing that it owns, nothing that everybody may.
    role = await owner.fetchrow("select * from pg_roles where rolname = $1", _WEB)
    assert role
    assert not any(role[name] for name in ("rolsuper", "rolcreaterole", "rolcreatedb", "rolreplication", "rolbypassrls"))
    assert await owner.fetch("select roleid from pg_auth_members where member = $1::regrole", _WEB) == []
    assert await owner.fetch("select relname from pg_class where relowner = $1::regrole", _WEB) == []
    assert not await owner.fetchval("select has_schema_privilege($1, 'public', 'create')", _WEB)
    # A function with the owner's rights looks for tables where the owner put them.
    unsafe = await owner.fetch(
        """select proname from pg_proc where pronamespace = 'public'::regnamespace and prosecdef
           and (proconfig is null or not 'search_path=public, pg_temp' = any(proconfig))"""
    )
    assert not unsafe


async def test_control_a_right_on_one_column_would_be_seen(owner: asyncpg.Connection, db: None) -> None:
    await owner.execute(f"grant select (blob) on sealed_answer to {_WEB}; grant references on slip to public")
    try:
        found = await _rights(owner, _WEB)
        assert (found["sealed_answer"], found["slip"]) == ("SELECT", "REFERENCES")
    finally:
        await owner.execute(f"revoke select (blob) on sealed_answer from {_WEB}; revoke references on slip from public")


@pytest.mark.parametrize("table", [name for name, rights in RIGHTS.items() if not rights])
async def test_web_is_refused_whatever_it_tries_to_read_or_write_them_by(table: str, settings: Settings, db: None) -> None:
    web = await asyncpg.connect(settings.web_database_url)
    tries = (
        f"select * from {table}", f"select count(*) from {table}", f"table {table} limit 0", f"select ctid from {table}",
        f"delete from {table}", f"insert into {table} default values", f"truncate {table}",
        f"copy {table} to stdout", f"do $$ begin lock table {table}; end $$", f"alter table {table} add column x int",
        f"create view pg_temp.v as table {table}; table pg_temp.v",
        f"create table pg_temp.c (like {table} including all); alter table pg_temp.c inherit {table}",
        f"create trigger t before insert on {table} for each row execute function pg_catalog.tsvector_update_trigger()",
        f"select pg_catalog.lo_import('{table}')", f"select pg_read_file('base/{table}')",
        f"copy (select 1) to program 'cat {table}'",
        "set role programmes_owner", "set role programmes_worker", "set session authorization programmes_owner",
        "create extension pg_walinspect", "select pg_ls_waldir()", "select * from pg_statistic",
    )  # fmt: skip
    try:
        for statement in tries:
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.WrongObjectTypeError, asyncpg.RaiseError)):
                await web.execute(statement)
        # The planner's samples of a column are shown to who may read it.
        assert await web.fetchval("select count(*) from pg_stats where tablename = $1", table) == 0
    finally:
        await web.close()


async def test_what_the_server_counts_by_table_is_not_told_to_web(
    groups: Groups, owner: asyncpg.Connection, settings: Settings
) -> None:
    _cohort, slips = await groups.with_slips(3)
    assert await services.cast(slips[0], GLAD, settings.key_folder)
    await owner.execute("analyze sealed_answer")
    looks = (
        "select n_tup_ins, n_tup_del from pg_stat_all_tables", "select idx_scan from pg_stat_user_indexes",
        "select heap_blks_read from pg_statio_user_tables", "select n_tup_ins from pg_stat_xact_user_tables",
        "select tup_inserted from pg_stat_database", "select calls from pg_stat_user_functions",
        "select pg_stat_get_tuples_inserted('ballot'::regclass)", "select pg_stat_get_live_tuples('ballot'::regclass)",
        "select pg_relation_size('ballot')", "select pg_table_size('ballot')", "select pg_total_relation_size('ballot')",
        "select pg_indexes_size('ballot')", "select reltuples from pg_class", "select relpages from pg_class",
        "select * from pg_class",
    )  # fmt: skip
    for statement in looks:
        await owner.fetch(statement)
    web, works = await asyncpg.connect(settings.web_database_url), await asyncpg.connect(settings.worker_database_url)
    try:
        for statement in looks:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await web.fetch(statement)
        # What a client asks of the catalogue is still answered, and pg_dump, as the worker, asks for all of it.
        assert await web.fetch("select c.oid, relname, relkind, reltype from pg_class c where relname = 'ballot'")
        assert await web.fetch("select * from information_schema.columns where table_name = 'ballot'")
        await works.fetch("select relpages, reltuples from pg_class")
    finally:
        await web.close()
        await works.close()


async def test_no_key_lies_where_web_reaches(groups: Groups, settings: Settings) -> None:
    cohort, _slips = await groups.with_slips(2)
    box = await for_cohort(cohort.cohort_id)
    assert box
    private = settings.ballot_key_folder / "private" / f"{box.ballot_id}.key"
    secret = private.read_bytes()
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    for folder in (private.parent, settings.ballot_key_folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    reached = [path for path in settings.key_folder.rglob("*") if path.is_file()]
    assert settings.key_folder / "ballots" / f"{box.ballot_id}.pub" in reached
    assert not any(secret in path.read_bytes() or path.is_symlink() for path in reached)
    assert not settings.ballot_key_folder.is_relative_to(settings.key_folder)
    told = environment(settings, "serve")
    assert str(settings.ballot_key_folder) not in " ".join(told.values())
    assert str(settings.ballot_key_folder) in " ".join(environment(settings, "worker").values()), "the control"
    # Nothing that web imports at its start reads the folder: only the worker's rooms name its setting.
    named = {
        path.name
        for path in Path("programmes/evaluation").glob("*.py")
        if re.search(r"ballot_key_folder", path.read_text(encoding="utf-8"))
    }
    assert named == {"counting.py", "text_services.py"}
