"""`make upgrade`: the release before serves while the database is brought to this one, and then beside it.

python -m tests.upgrade [--from REF]      rehearse it; ends with 1 when anything broke
python -m tests.upgrade --record REF      write down what REF asks of the database, when REF becomes the release before
"""

import argparse
import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from programmes import private_server
from programmes.demo import processes
from programmes.demo.place import DemoError
from tests.upgrade import statements
from tests.upgrade.browser import Browser
from tests.upgrade.desk import desk_work
from tests.upgrade.journey import Broken, Town, apply, leave, roll_call, signed_in, still_there, vote, walk, whole_journey
from tests.upgrade.releases import ROOT, NotHere, Release, check_out, filled_demo, free_port, settings_of

RECORD = Path(__file__).parent / "previous"
# How long migrate has to wait for tables that somebody has in use, in seconds.
_IN_THE_WAY = 8
STAFF = ("kim", "robin", "sasha", "alex", "love")
_KEPT = ("staff", "venue", "cohort", "cohort_session", "enrolment", "participant", "audit_entry", "record_look", "agreement")


@dataclass
class Watch:
    """Every answer, by the phase in which it came."""

    phase: str = ""
    wrong: list[str] = field(default_factory=list)
    times: dict[str, list[float]] = field(default_factory=dict)

    def heard(self, method: str, path: str, status: int, seconds: float) -> None:
        self.times.setdefault(self.phase, []).append(seconds)
        if status == 0 or status >= 500:
            self.wrong.append(f"{self.phase}: {method} {path} answered {status or 'nothing'} after {seconds:.1f} s")

    def say(self, line: str) -> None:
        print(f"upgrade: {line}", flush=True)

    async def phase_of(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Do one part of the rehearsal; what breaks in it is noted, and the rest goes on."""
        self.phase = name
        before, begun = len(self.wrong), time.monotonic()
        try:
            await work()
        except (Broken, LookupError, asyncpg.PostgresError) as error:
            self.wrong.append(f"{name}: {error}")
        found = self.times.get(name, [0.0])
        told = f"{len(found)} requests, median {statistics.median(found):.2f} s, slowest {max(found):.2f} s"
        wrong = len(self.wrong) - before
        self.say(f"{name}: {'fine' if not wrong else f'{wrong} WRONG'}, {told}, {time.monotonic() - begun:.0f} s")


@dataclass
class Stage:
    """What the parts of the rehearsal share."""

    watch: Watch
    town: Town
    old: Release
    new: Release
    server: private_server.PrivateServer
    folder: Path
    port: int
    running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    async def start(self, name: str, release: Release, part: processes.Part, *arguments: str) -> None:
        settings = settings_of(release, self.server, self.port)
        # Keys, mail and the log's chain are one installation's, whichever release is at work.
        settings = settings_of(self.old, self.server, self.port) if release is not self.old else settings
        process = await release.start(settings, self.folder / f"{name}.log", part, *arguments)
        self.running[name] = process
        if part == "serve":
            await processes.wait_until_ready(f"http://127.0.0.1:{arguments[-1]}", process)

    async def stop(self, name: str) -> None:
        await processes.stop([self.running.pop(name)])

    def everybody(self, *ports: int) -> Callable[[], Browser]:
        """People who come by a proxy in front of these web processes."""
        return lambda: Browser([f"http://127.0.0.1:{port}" for port in (ports or (self.port,))], self.watch.heard)

    async def migrate(self, *arguments: str) -> tuple[int, str]:
        return await self.new.run(settings_of(self.old, self.server, self.port), "migrate", "migrate", *arguments)


async def _counts(owner: asyncpg.Pool) -> dict[str, int]:
    return {table: await owner.fetchval(f"select count(*) from {table}") for table in _KEPT}


async def _everything(stage: Stage, *ports: int) -> None:
    """A whole journey, and a round of what staff do at their desks."""
    await whole_journey(stage.everybody(*ports), stage.town)
    await desk_work(stage.everybody(*ports), stage.town)


async def _walks(stage: Stage, *ports: int) -> None:
    total = 0
    for user in STAFF:
        browser = await signed_in(stage.everybody(*ports)(), stage.town, user)
        total += await walk(browser, "/personal/idag")
        await browser.close()
    public = stage.everybody(*ports)()
    total += await walk(public, "/")
    await public.close()
    stage.watch.say(f"   {total} pages opened by {len(STAFF)} members of staff and the public")


async def _at_work(stage: Stage, until: asyncio.Event) -> None:
    """People who come and go, a leader who marks, and votes, until told to stop."""

    async def person() -> None:
        while not until.is_set():
            browser = stage.everybody()()
            await apply(browser, stage.town.way_in("2.12", free=True), stage.town.somebody())
            await leave(browser)
            await browser.close()

    async def leader() -> None:
        robin = await signed_in(stage.everybody()(), stage.town, "robin")
        while not until.is_set():
            await roll_call(robin, stage.town)
            await robin.get("/personal/idag")

    async def voter() -> None:
        if code := stage.town.code():
            await vote(stage.everybody()(), code)

    async def reader() -> None:
        browser = stage.everybody()()
        while not until.is_set():
            await browser.get("/insatser/aterfallsprevention")
            await browser.get("/health/ready")

    await asyncio.gather(person(), person(), leader(), voter(), reader())


async def _until_it_waits(owner: asyncpg.Pool) -> None:
    """Return when a change of a table waits for somebody who uses it."""
    for _ in range(600):
        if await owner.fetchval(
            """select exists (select from pg_locks
               where not granted and mode = 'AccessExclusiveLock' and relation is not null)"""
        ):
            return
        await asyncio.sleep(0.1)
    raise Broken("no migration needed the tables that were in use")


async def _migrate_beside(stage: Stage, owner: asyncpg.Pool) -> None:
    """The new release's `migrate` while the old one serves, with a transaction in its way for some seconds."""
    until = asyncio.Event()
    at_work = asyncio.create_task(_at_work(stage, until))
    try:
        await asyncio.sleep(2)
        begun = time.monotonic()
        other = await asyncpg.connect(stage.server.web_url("programmes"))
        await other.execute("begin; lock table cohort, enrolment, condition_met, queue_event in access share mode")
        first, second = asyncio.create_task(stage.migrate()), asyncio.create_task(stage.migrate())
        await _until_it_waits(owner)
        await asyncio.sleep(_IN_THE_WAY)
        await other.execute("commit")
        await other.close()
        for code, told in (await first, await second):
            stage.watch.say("   " + told.strip().replace("\n", "\nupgrade:    "))
            if code:
                stage.watch.wrong.append(f"migrate ended with {code}")
        stage.watch.say(f"   {time.monotonic() - begun:.1f} s, twice at once, after waiting for tables in use")
        await asyncio.sleep(2)
    finally:
        until.set()
        await at_work


async def rehearse(stage: Stage, owner: asyncpg.Pool) -> None:
    """The steps of docs/operations.md, with a whole journey after each."""
    watch, town, other = stage.watch, stage.town, free_port()
    await stage.start("old-web", stage.old, "serve", "--port", str(stage.port))
    await stage.start("old-worker", stage.old, "worker")
    await watch.phase_of("the old release by itself", lambda: _everything(stage))
    before = await _counts(owner)
    code, told = await stage.migrate("--check")
    watch.say(f"migrate --check ends with {code}: {told.splitlines()[0]}")
    if code != 3:
        watch.wrong.append(f"migrate --check ended with {code}")
    await watch.phase_of("migrating while the old release serves", lambda: _migrate_beside(stage, owner))
    await watch.phase_of("old web and old worker on the new tables", lambda: _everything(stage))
    await watch.phase_of("pages of the old release on the new tables", lambda: _walks(stage))
    await stage.stop("old-worker")
    await stage.start("new-worker", stage.new, "worker")
    await watch.phase_of("old web, new worker", lambda: _everything(stage))
    await stage.start("new-web", stage.new, "serve", "--port", str(other))
    await watch.phase_of("old web and new web in turn", lambda: _everything(stage, stage.port, other))
    await watch.phase_of("old and new pages in turn", lambda: _walks(stage, stage.port, other))
    await stage.stop("old-web")
    code, told = await stage.migrate()
    watch.say(f"migrate once more ends with {code}: {told.strip().splitlines()[-1]}")
    await stage.start("newer-web", stage.new, "serve", "--port", str(stage.port))
    await watch.phase_of("the new release by itself", lambda: _everything(stage))
    code, told = await stage.migrate("--check")
    watch.say(f"migrate --check ends with {code}")
    if code:
        watch.wrong.append(f"after all migrate --check ended with {code}: {told}")
    # Going back: the old release again, on the new tables and with what the new one wrote.
    for name in ("newer-web", "new-web", "new-worker"):
        await stage.stop(name)
    await stage.start("old-web-again", stage.old, "serve", "--port", str(stage.port))
    await stage.start("old-worker-again", stage.old, "worker")
    await watch.phase_of("back to the old release", lambda: _everything(stage))
    await watch.phase_of("what was kept", lambda: still_there(stage.everybody(), town))
    after = await _counts(owner)
    watch.wrong += [
        f"{table}: {before[table]} rows before, {after[table]} after" for table in _KEPT if after[table] < before[table]
    ]
    code, told = await stage.new.run(settings_of(stage.old, stage.server, stage.port), "worker", "audit", "verify")
    watch.say(f"audit verify ends with {code}")
    if code:
        watch.wrong.append(f"the access log's chain: {told}")


async def record(stage: Stage, owner: asyncpg.Pool, ref: str) -> None:
    """One whole journey and every page, with the server's log as the witness."""
    await statements.write_down(owner)
    await stage.start("web", stage.old, "serve", "--port", str(stage.port))
    await stage.start("worker", stage.old, "worker")
    await stage.watch.phase_of("a whole journey", lambda: _everything(stage))
    await stage.watch.phase_of("what was kept", lambda: still_there(stage.everybody(), stage.town))
    await stage.watch.phase_of("pages", lambda: _walks(stage))
    await asyncio.sleep(12)
    await statements.write_down_no_more(owner)
    found = statements.written_down(stage.server)
    migration = await owner.fetchval("select max(name) from migration")
    statements.save(RECORD, ref, migration, await statements.schema_of(owner), found)
    told = ", ".join(f"{len(each)} statements of {role}" for role, each in found.items())
    stage.watch.say(f"written to {RECORD.relative_to(ROOT)}: {told}")


async def run(ref: str, recording: bool) -> int:
    """Either, on a demo of the release `ref`; returns the exit code."""
    watch = Watch()
    folder = Path(tempfile.mkdtemp(prefix="upgrade-", dir="/var/tmp"))
    folder.chmod(0o755)
    tree = folder / "before"
    tree.mkdir()
    home = private_server.home_for(tree)
    stage: Stage | None = None
    try:
        whole = check_out(ref, tree)
        old, new = Release("the release before", tree), Release("this release", ROOT)
        watch.say(
            f"{whole[:12]} with {len(old.migrations())} migrations, this one with {len(new.migrations())}; logs in {folder}"
        )
        told = await filled_demo(old, folder / "demo.log")
        server = await private_server.start(home)
        # A pool: several people look behind the scenes at once.
        owner = await asyncpg.create_pool(server.url("programmes"), min_size=1, max_size=4)
        stage = Stage(watch, Town(told, owner, tree / ".data" / "mail"), old, new, server, folder, free_port())
        await (record(stage, owner, whole) if recording else rehearse(stage, owner))
    except (NotHere, DemoError) as error:
        watch.wrong.append(str(error))
    finally:
        if stage:
            await processes.stop(list(stage.running.values()))
            stage.town.owner.terminate()
        private_server.remove(home)
    for line in watch.wrong:
        watch.say(f"WRONG {line}")
    watch.say(
        "something broke; what the processes said lies in " + str(folder)
        if watch.wrong
        else "nothing broke, nothing was lost"
    )
    if not watch.wrong:
        with suppress(OSError):
            shutil.rmtree(folder)
    return 1 if watch.wrong else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="ref", metavar="REF", help="the release before: a tag or commit (the recorded one)")
    parser.add_argument("--record", metavar="REF", help="write down what this release asks of the database")
    arguments = parser.parse_args()
    ref = arguments.record or arguments.ref or str(statements.load(RECORD)[0]["ref"])
    return asyncio.run(run(ref, bool(arguments.record)))


if __name__ == "__main__":
    sys.exit(main())
