"""The folder of keys becomes read-only, as a disk does that has found an error in itself."""

import asyncio
import os
import subprocess
import time
from pathlib import Path

import httpx

from drills.scene import CannotBeDone, Drill, Fault, Scene

READ_ONLY_SECONDS = 20.0


def _mount(*arguments: str | Path) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotBeDone(f"the key folder can't be mounted anew ({done.stderr.strip()}); it needs root")


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", folder], check=True)


def _closed(folder: Path) -> None:
    """Raises CannotBeDone if something can still be written there."""
    try:
        (folder / "probe").write_bytes(b"x")
    except OSError:
        return
    (folder / "probe").unlink()
    raise CannotBeDone("the key folder can still be written")


async def _read_only(scene: Scene) -> Fault:
    """A mount of the folder upon itself: it binds root too, and every process sees it at once."""
    folder = scene.house.settings.key_folder
    if os.geteuid() == 0:
        _mount("--bind", folder, folder)
        for _ in range(100):
            try:
                _mount("-o", "remount,bind,ro", folder)
            except CannotBeDone as error:
                # A file that is being written just now stands in the way.
                busy = error
                await asyncio.sleep(0.1)
            else:
                break
        else:
            _unmount(folder)
            raise busy
    else:
        for one in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
            one.chmod(0o500)
    try:
        _closed(folder)
        began = time.monotonic()
        await asyncio.sleep(READ_ONLY_SECONDS)
        async with httpx.AsyncClient() as probe:
            ready = (await probe.get(f"{scene.house.bases[0]}/health/ready")).status_code
        seen = f"/health/ready answered {ready} meanwhile"
    finally:
        if os.geteuid() == 0:
            _unmount(folder)
        else:
            for one in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
                one.chmod(0o700)
    return Fault(began, time.monotonic(), found=(seen,), in_flight=1)


DRILLS = (Drill("keys", "the key folder read-only", _read_only),)
