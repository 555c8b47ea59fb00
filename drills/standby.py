"""The primary is lost, and a standby that had confirmed every commit takes over (DATABASE_URL names both)."""

import asyncio
import dataclasses
import shutil
import signal
import time
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from drills.house import signal_postgres
from drills.proxy import Wire
from drills.scene import Drill, Fault, Scene
from programmes import private_server
from programmes.private_server import PrivateServer

# How long it takes somebody, or a program that watches, to be sure and promote.
_NOTICED_SECONDS = 5.0


async def _standby(scene: Scene, home: Path) -> PrivateServer:
    """A second private server that follows the first, and without whose word nothing is acknowledged there."""
    first = scene.house.server
    private_server._prepare_home(home)
    shutil.copy2(first.home / "passwords.json", home / "passwords.json")
    whole = first.url("postgres") + "&application_name=standby"
    program = [first.binaries / "pg_basebackup", "-d", whole, "-D", home / "data", "-R", "-X", "stream", "-c", "fast"]
    await asyncio.to_thread(private_server._run, program, home)
    second = await private_server.start(home)
    owner = await asyncpg.connect(first.url("postgres"))
    try:
        await owner.execute("alter system set synchronous_standby_names = 'standby'")
        await owner.execute("alter system set synchronous_commit = 'remote_apply'")
        await owner.execute("select pg_reload_conf()")
        while await owner.fetchval("select sync_state from pg_stat_replication") != "sync":
            await asyncio.sleep(0.1)
    finally:
        await owner.close()
    return second


def _of_both(url: str, ports: list[int]) -> str:
    parts = urlsplit(url)
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    who = f"{parts.username}:{parts.password}"
    return f"postgresql://{who}@{hosts}{parts.path}?sslmode=disable&target_session_attrs=read-write"


async def _lost(scene: Scene, silent: bool) -> Fault:
    """Every process of the primary is killed; where it is `silent`, its machine does not even refuse connections."""
    house, direct = scene.house, scene.house.settings
    await scene.load.stop()
    second = await _standby(scene, house.folder / f"pg{len(scene.homes) + 1}")
    scene.homes.append(second.home)
    wires = [Wire(server.home / "socket" / ".s.PGSQL.5432") for server in (house.server, second)]
    for wire in wires:
        await wire.start()
    ports = [wire.port for wire in wires]
    house.settings = dataclasses.replace(
        direct,
        web_database_url=_of_both(direct.web_database_url, ports),
        worker_database_url=_of_both(direct.worker_database_url, ports),
    )
    await house.restart()
    scene.load.start()
    await asyncio.sleep(5)
    began = time.monotonic()
    if silent:
        wires[0].silence(True)
    signal_postgres(house.server.home, signal.SIGKILL)
    await asyncio.sleep(_NOTICED_SECONDS)
    program = [second.binaries / "pg_ctl", "-D", second.home / "data", "-w", "promote"]
    await asyncio.to_thread(private_server._run, program, second.home)
    ended = time.monotonic()
    house.server = second
    house.settings = dataclasses.replace(house.settings, database_url=second.url("drill"))

    async def back() -> None:
        """What follows goes on with the one that took over, without a standby."""
        house.settings = dataclasses.replace(
            direct,
            database_url=second.url("drill"),
            web_database_url=second.web_url("drill"),
            worker_database_url=second.worker_url("drill"),
        )
        await house.restart()
        for wire in wires:
            await wire.cut()

    scene.back.append(back)
    return Fault(began, ended, in_flight=1)


DRILLS = (
    Drill("standby", "the primary killed, the standby promoted after 5 s", lambda scene: _lost(scene, False)),
    Drill("dark", "the primary's machine silent, the standby promoted after 5 s", lambda scene: _lost(scene, True)),
)
