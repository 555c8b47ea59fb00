"""Starts an installation of its own, and lets one thing after the other fail under a steady load."""

import asyncio
import contextlib
import io
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("PICCOLO_CONF", "piccolo_conf")

import asyncpg

from drills import clock, disk, keys, network, processes, scene, standby
from drills.house import House
from drills.load import Load
from drills.proxy import Wire
from drills.scene import Drill, Report, Scene
from drills.town import build
from programmes import private_server
from programmes.migrate import migrate
from programmes.settings import Settings
from tests.notices.gateway import Gateway
from tests.notices.peer import Peer

DRILLS: tuple[Drill, ...] = (
    *processes.DRILLS, *disk.DRILLS, *network.DRILLS, *keys.DRILLS, *clock.DRILLS, *standby.DRILLS,
)  # fmt: skip
# Over the whole run; one drill alone does its share.
WRITES = int(os.environ.get("DRILL_WRITES", "10150"))


async def _house(folder: Path) -> House:
    server = await private_server.start(folder / "pg")
    await private_server.ensure_database(server, "drill")
    peer, gateway = Peer(), Gateway()
    await peer.start()
    await gateway.start()
    settings = Settings(
        server.url("drill"),
        server.web_url("drill"),
        server.worker_url("drill"),
        key_folder=folder / "keys",
        ballot_key_folder=folder / "ballot-keys",
        log_key_folder=folder / "log-keys",
        mail_url=peer.url,
        sms_url=gateway.url,
        sms_user="drill",
        sms_password="drill",
        second_factor=(),
        burst_most=0,
        guess_most=0,
    )
    with contextlib.redirect_stdout(io.StringIO()):
        await migrate(settings, datetime.now(UTC))
    return House(folder, server, settings, peer, gateway)


async def _scene(folder: Path, writes: int) -> Scene:
    house = await _house(folder)
    owner = await asyncpg.connect(house.settings.database_url)
    try:
        town = await build(house.settings, owner, datetime.now(UTC), max(2000, writes))
    finally:
        await owner.close()
    wire = Wire(house.server.home / "socket" / ".s.PGSQL.5432")
    await house.open()
    return Scene(house, town, Load(house.bases, town), wire, homes=[house.server.home])


def _tell(report: Report) -> None:
    print(f"\ndrill: {report.drill.name}\n{scene.HEADINGS}\n|---|{'--:|' * 9}---|\n{report.line}")
    for answer, times in sorted(report.statuses.items()):
        if not answer.startswith(("200 ", "303 ")):
            print(f"  {times} times {answer}")
    for found in report.found:
        print(f"  seen: {found}")
    _tell_wrong(report.wrong)


def _tell_wrong(found: Sequence[str]) -> None:
    for wrong, times in Counter(found).most_common(20):
        print(f"  WRONG: {wrong}{f' ({times} times)' if times > 1 else ''}")
    sys.stdout.flush()


async def _run(folder: Path, drills: Sequence[Drill], writes: int) -> tuple[list[Report], list[str]]:
    share, reports, at_the_end = -(-writes // len(DRILLS)), list[Report](), list[str]()
    print(f"drill: {', '.join(drill.name for drill in drills)}; at least {share * len(drills):,} writes in all", flush=True)
    stage = None
    try:
        stage = await _scene(folder, share * len(drills))
        for drill in drills:
            try:
                reports.append(await scene.run(drill, stage, share))
                _tell(reports[-1])
            except scene.CannotBeDone as reason:
                print(f"\ndrill: {drill.name} can't be done here: {reason}", flush=True)
        at_the_end = await scene.end(stage)
        print(f"\ndrill: what was left to the worker: {'nothing wrong' if not at_the_end else ''}", flush=True)
        _tell_wrong(at_the_end)
    finally:
        if stage:
            await stage.house.close()
            await stage.wire.cut()
        for home in stage.homes if stage else [folder / "pg"]:
            private_server.remove(home)
    return reports, at_the_end


def main() -> int:
    """`python -m drills` does all, `python -m drills hung standby` only those. Ends with 1 when the auditor
    found something."""
    drills = [drill for drill in DRILLS if drill.name in sys.argv[1:]] or list(DRILLS)
    if unknown := set(sys.argv[1:]) - {drill.name for drill in DRILLS}:
        print(f"drill: there is no {', '.join(sorted(unknown))}; there are {', '.join(drill.name for drill in DRILLS)}")
        return 2
    folder = Path(tempfile.mkdtemp(prefix="programmes-drill-", dir="/var/tmp"))
    folder.chmod(0o755)
    began = time.monotonic()
    # Whoever ends it leaves no server behind, and no mount.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        reports, at_the_end = asyncio.run(_run(folder, drills, WRITES))
    finally:
        if os.environ.get("DRILL_KEEP") != "1":
            shutil.rmtree(folder, ignore_errors=True)
    total = sum(report.acknowledged for report in reports)
    print(f"\ndrill: {total:,} acknowledged writes in {time.monotonic() - began:.0f} s")
    wrong = sum(len(report.wrong) for report in reports) + len(at_the_end)
    print("drill: nothing was lost, doubled or half there" if not wrong else f"drill: {wrong} findings, see above")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
