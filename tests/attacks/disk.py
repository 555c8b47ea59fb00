"""The database's files, its write-ahead log and its dead rows, as somebody reads them who holds the disk."""

import asyncio
import base64
import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from programmes.private_server import PrivateServer

# The two tables that a vote writes.
BOX = frozenset({"slip", "sealed_answer"})
# Who waits for a box of this database. Not by `pg_stat_activity`, which a transaction sees as it was.
WAITING = """from pg_locks where locktype = 'advisory' and not granted
             and database = (select oid from pg_database where datname = current_database())"""

_PAGES = """
select c.relname as name, b.page, i.lp, i.t_xmin::text::bigint as made, i.t_xmax::text::bigint as gone, i.t_data as data
from pg_class c
cross join lateral generate_series(0, pg_relation_size(c.oid) / 8192 - 1) as b (page)
cross join lateral attack.heap_page_items(attack.get_raw_page(c.oid::regclass::text, b.page::int)) as i
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and i.t_data is not null
  and (i.t_xmin::text::bigint >= $1 or i.t_xmax::text::bigint >= $1)
order by 1, 2, 3
"""
_PAGE = 8192
_RECORD = re.compile(r"^rmgr: (\S+) .*? tx:\s+(\d+), lsn: .*? desc: (\S+)")
_FILE = re.compile(r"rel \d+/(\d+)/(\d+)")


@dataclass(frozen=True)
class Tuple:
    """One row on a page, living or dead: where it lies, which transactions made and ended it, and its bytes."""

    table: str
    page: int
    line: int
    made: int
    gone: int
    data: bytes


@dataclass(frozen=True)
class Disk:
    """The files of the server, and the database of this test among them."""

    server: PrivateServer
    owner: asyncpg.Connection

    @property
    def data(self) -> Path:
        return self.server.home / "data"

    async def transaction_now(self) -> int:
        """The number that the next transactions come after."""
        return int(await self.owner.fetchval("select pg_current_xact_id()::text"))

    async def tuples(self, since: int) -> list[Tuple]:
        """Every row of every table that a transaction since then has touched, dead ones too."""
        return [
            Tuple(r["name"], r["page"], r["lp"], r["made"], r["gone"], bytes(r["data"]))
            for r in await self.owner.fetch(_PAGES, since)
        ]

    @asynccontextmanager
    async def nothing_is_cleaned_away(self) -> AsyncIterator[None]:
        """Hold a snapshot, as a long backup does, so that dead rows stay on their pages."""
        other = await asyncpg.connect(self.server.url(await self.owner.fetchval("select current_database()")))
        try:
            async with other.transaction(isolation="repeatable_read"):
                await other.execute("select 1 from ballot")
                yield
        finally:
            await other.close()

    async def log_position(self) -> str:
        """Where the write-ahead log ends; all before it is on disk."""
        # The tests' server does not wait for its disk; a message that is flushed takes everything before it along.
        return str(await self.owner.fetchval("select pg_logical_emit_message(false, 'attack', '', true)::text"))

    async def log_records(self, start: str, end: str) -> dict[int, set[str]]:
        """By transaction, what its records in the write-ahead log touch in this database: names of tables and indexes,
        and `COMMIT` and the like in capitals for records that touch none."""
        run = await asyncio.create_subprocess_exec(
            str(self.server.binaries / "pg_waldump"), "--path", str(self.data / "pg_wal"), "--start", start, "--end", end,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, said = await run.communicate()
        if run.returncode:
            raise RuntimeError(said.decode())
        mine, names = await self._files_of_tables()
        found: dict[int, set[str]] = defaultdict(set)
        for line in out.decode().splitlines():
            record = _RECORD.match(line)
            if not record:
                continue
            touched = [names.get(int(f), f) for d, f in _FILE.findall(line) if int(d) == mine]
            found[int(record[2])] |= set(touched) or {record[3]}
        return found

    async def _files_of_tables(self) -> tuple[int, dict[int, str]]:
        """The number of this database, and by the numbers of its files what they are of."""
        rows = await self.owner.fetch(
            """select pg_relation_filenode(oid)::bigint as file, relname::text as name from pg_class
               where relkind in ('r', 'i', 'S', 't')"""
        )
        mine = await self.owner.fetchval("select oid from pg_database where datname = current_database()")
        return int(mine), {row["file"]: row["name"] for row in rows}

    async def files(self, since: str, begun: float) -> dict[str, bytes]:
        """All that was written to disk since a position of the write-ahead log and a moment (seconds as `time.time`): this
        database's files by the name of their table or index, the server's log, and what was written ahead."""
        await self.owner.execute("checkpoint")
        mine, names = await self._files_of_tables()
        found = {"server.log": (self.server.home / "server.log").read_bytes()}
        for path in (self.data / "base" / str(mine)).iterdir():
            # What stands on disk as it stood before says nothing of what has happened since.
            if path.stat().st_mtime >= begun:
                number = re.match(r"\d*", path.name)[0]  # type: ignore[index]
                # `12345_fsm` is called by its table, like `12345`.
                name = names[int(number)] if number and int(number) in names else number
                found[name + path.name[len(number) :]] = path.read_bytes()
        offset = "select file_name, file_offset from pg_walfile_name_offset({})"
        first = await self.owner.fetchrow(offset.format("$1::text::pg_lsn"), since)
        last = await self.owner.fetchrow(offset.format("pg_current_wal_insert_lsn()"))
        for path in (self.data / "pg_wal").iterdir():
            if re.fullmatch(r"[0-9A-F]{24}", path.name) and first["file_name"] <= path.name <= last["file_name"]:
                log = path.read_bytes()
                start = first["file_offset"] // _PAGE * _PAGE if path.name == first["file_name"] else 0
                end = last["file_offset"] if path.name == last["file_name"] else len(log)
                # Each page begins with a header, also in the middle of a record.
                pages = (log[at + (24 if at else 40) : min(at + _PAGE, end)] for at in range(start, end, _PAGE))
                found[f"pg_wal/{path.name}"] = b"".join(pages)
        return found


def written(secret: str | bytes) -> set[bytes]:
    """A secret in all the ways it could stand somewhere: raw, UTF-16, hex, base64 wherever it begins, as JSON and in
    addresses."""
    texts = {secret} if isinstance(secret, str) else set()
    raws = {secret} if isinstance(secret, bytes) else {secret.encode(), secret.lower().encode(), secret.upper().encode()}
    for text in texts:
        raws |= {text.encode("utf-16-le"), text.encode("utf-16-be"), json.dumps(text)[1:-1].encode()}
    found = set(raws)
    for raw in raws:
        found |= {raw.hex().encode(), raw.hex().upper().encode()}
        for shift in range(3):
            # Letters that depend on what stands before or after are left out.
            whole = base64.b64encode(b"\0" * shift + raw)
            part = whole[4 if shift else 0 : len(whole) // 4 * 4 - 4]
            found |= {part, part.replace(b"+", b"-").replace(b"/", b"_")}
    return {form for form in found if len(form) >= 8}


def where(secrets: Mapping[str, str | bytes], files: Mapping[str, bytes]) -> dict[str, set[str]]:
    """By the name of each secret that can be read somewhere, in which files."""
    found: dict[str, set[str]] = {}
    for name, secret in secrets.items():
        forms = written(secret)
        told = {file for file, content in files.items() if any(form in content for form in forms)}
        if told:
            found[name] = told
    return found


def apart(names: Iterable[str], allowed: Iterable[str]) -> set[str]:
    """Those of the names that are not allowed; a file's name counts by the table or index that it begins with."""
    fine = tuple(allowed)
    return {name for name in names if not name.startswith(fine)}
