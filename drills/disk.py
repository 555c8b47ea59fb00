"""A disk that is full under the database: a file system of its own, small and in memory, filled to the last block."""

import asyncio
import os
import shutil
import subprocess
import time
from pathlib import Path

import asyncpg

from drills.house import postgres
from drills.scene import CannotBeDone, Drill, Fault, Scene
from programmes import private_server

# What is left when the data have been brought there: enough to work with, little enough to be filled at once.
_ROOM, FULL_SECONDS = 200 * 2**20, 20.0


def _size(folder: Path) -> int:
    """In whole pages, as a file system in memory counts."""
    return sum(-(-path.lstat().st_size // 4096) * 4096 + 4096 for path in folder.rglob("*"))


def _mount(where: Path, size: int) -> None:
    """Raises CannotBeDone where nobody may mount."""
    where.mkdir(exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", where], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CannotBeDone(f"a small file system can't be mounted ({done.stderr.strip()}); it needs root")


def _unmount(where: Path) -> None:
    subprocess.run(["umount", where], check=False)


def _copy(source: Path, target: Path) -> None:
    """With owners and rights, as PostgreSQL minds them."""
    subprocess.run(["cp", "-a", source, target], check=True)


def _fill(ballast: Path) -> None:
    """Take every block that is left."""
    with ballast.open("wb", buffering=0) as out:
        for size in (2**20, 4096):
            try:
                while True:
                    out.write(b"\0" * size)
            except OSError:
                continue


async def _full(scene: Scene) -> Fault:
    """The data move to the small disk while nobody writes; then it is filled, for a while, and made free."""
    home, small = scene.house.server.home, scene.house.folder / "small"
    await scene.load.stop()
    scene.house.server.stop()
    _mount(small, _size(home / "data") + _ROOM)
    try:
        _copy(home / "data", small / "data")
        (home / "data").rename(home / "aside")
        (home / "data").symlink_to(small / "data")
        await private_server.start(home)
        scene.load.start()
        await asyncio.sleep(5)
        began = time.monotonic()
        _fill(small / "ballast")
        seen = await _refused(scene)
        fell = not await _up(scene)
        (small / "ballast").unlink()
        ended = time.monotonic()
        # A server that ended for want of room is started again by whoever watches over it.
        await private_server.start(home)
        told = (seen, "PostgreSQL ended, and was started again" if fell else "PostgreSQL went on all the while")
        scene.back.append(lambda: _put_back(scene, home, small))
        return Fault(began, ended, found=told, in_flight=1)
    except BaseException:
        await _put_back(scene, home, small)
        raise


async def _put_back(scene: Scene, home: Path, small: Path) -> None:
    """To the disk it was on."""
    scene.house.server.stop()
    if (home / "data").is_symlink():
        (home / "data").unlink()
        shutil.rmtree(home / "aside")
        _copy(small / "data", home / "data")
    _unmount(small)
    await private_server.start(home)
    await scene.house.ready()


async def _up(scene: Scene) -> bool:
    if not postgres(scene.house.server.home):
        return False
    try:
        await (await asyncpg.connect(scene.house.settings.database_url, timeout=5)).close()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    return True


async def _refused(scene: Scene) -> str:
    """Wait so long, and prove that there was no room: the file system says so, and the server's own log."""
    left = os.statvfs(scene.house.folder / "small")
    log = scene.house.server.home / "server.log"
    known = log.stat().st_size
    await asyncio.sleep(FULL_SECONDS)
    with log.open("rb") as said:
        said.seek(known)
        times = said.read().count(b"No space left on device")
    if left.f_bavail or not times:
        raise CannotBeDone(f"the disk was not full: {left.f_bavail} blocks left, PostgreSQL said so {times} times")
    return f"PostgreSQL was refused room {times} times (ENOSPC)"


DRILLS = (Drill("disk", "a full disk under the database", _full),)
