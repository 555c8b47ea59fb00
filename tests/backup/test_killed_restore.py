"""A restore that is killed leaves its marks; whoever goes on with the database from before gets there by one command."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from programmes.core.restore_marks import confirmed_in, put_back_into, restore_of
from programmes.demo.processes import environment
from programmes.private_server import PrivateServer
from programmes.settings import Settings
from tests.backup.installation import Place, Typed, variables
from tests.backup.test_backup import _programs

CONFIRM = ("keys", "confirm", "--yes")
INSTEAD = (*CONFIRM, "--instead")


def beside(own: Settings, new: Settings) -> Settings:
    """The same installation with the new database in all three addresses."""
    return replace(
        own,
        database_url=new.database_url,
        web_database_url=new.web_database_url,
        worker_database_url=new.worker_database_url,
    )


@asynccontextmanager
async def filling(place: Place, new: Settings, tmp_path: Path) -> AsyncIterator[None]:
    """A restore in a process of its own, which pg_restore holds up; killed with the block."""
    hanging = replace(new, postgres_programs=_programs(tmp_path / "hanging", 18, "exec sleep 600"))
    env = {**environment(hanging, "migrate"), **variables(hanging)}
    env["PROGRAMMES_POSTGRES_PROGRAMS"] = str(hanging.postgres_programs)
    command = (sys.executable, "-m", "programmes.cli", "restore", place.newest, "--identity", place.identity)
    process = await asyncio.create_subprocess_exec(*command, env=env, start_new_session=True)
    try:
        async with asyncio.timeout(60):
            while not (put_back_into(new.key_folder) and place.keys.is_restoring()):
                assert process.returncode is None
                await asyncio.sleep(0.05)
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    assert process.returncode == -signal.SIGKILL


async def dropped(server: PrivateServer, url: str) -> None:
    connection = await asyncpg.connect(server.url("postgres"))
    name = url.partition("?")[0].rpartition("/")[2]
    await connection.execute(f'drop database "{name}" with (force)')
    await connection.close()


@pytest.mark.parametrize("by_hand", [True, False], ids=["its first mark removed", "its marks as they are"])
async def test_whoever_goes_on_with_the_old_database_after_a_kill_gets_there_and_erases_again_first(
    by_hand: bool,
    place: Place,
    empty_database: Settings,
    owner: asyncpg.Connection,
    server: PrivateServer,
    typed: Typed,
    tmp_path: Path,
) -> None:
    own, keys = place.settings, place.keys
    assert await typed(own, "backup") == (0, "")
    # Its row is there again, as after an earlier restore into the old database that has not been erased again.
    keys.destroy("person", place.people[1], "five years", datetime.now(UTC))
    new = beside(own, empty_database)
    async with filling(place, new, tmp_path):
        code, said = await typed(own, *INSTEAD)
        assert (code, "a backup is being made or put back. Let that end" in said) == (1, True), said
        assert put_back_into(own.key_folder)
    await dropped(server, new.database_url)
    if by_hand:
        (own.key_folder / "restoring").unlink()
    for words in (("worker", "--once"), CONFIRM, ("doctor",)):
        code, said = await typed(own, *words)
        assert (code, "into another database than this one" in said, "--instead" in said) == (1, True, True), said
        # Which of the two is named, is said with it.
        assert "is the old database: " in said.casefold()
    [told] = [line for line in said.splitlines() if line.startswith("FAULT   restore:")]
    assert "or that was begun and goes on or broke off" in told
    assert "Start the worker, which does it within seconds" not in said
    code, said = await typed(own, *INSTEAD)
    assert (code, "is the right one from now on" in said, "Start the worker" in said) == (0, True, True), said
    # What may have to be erased again is still to be.
    assert (restore_of(own.key_folder), keys.is_unconfirmed(), bool(confirmed_in(own.key_folder))) == (
        "restored",
        False,
        True,
    )
    code, said = await typed(own, "worker", "--once")
    assert code == 0, said
    assert [row["id"] for row in await owner.fetch("select id from participant")] == place.people[:1]
    assert restore_of(own.key_folder) == ""
    _, said = await typed(own, "doctor")
    assert "restore: The worker waits for no backup that is put back." in said


async def test_what_broke_off_in_this_very_database_is_not_taken_for_right(
    place: Place, empty_database: Settings, typed: Typed, tmp_path: Path
) -> None:
    own = place.settings
    assert await typed(own, "backup") == (0, "")
    new = beside(own, empty_database)
    async with filling(place, new, tmp_path):
        pass
    code, said = await typed(new, *INSTEAD)
    assert (code, "put it back anew" in said, place.keys.is_restoring()) == (1, True, True), said
    # Put back anew it goes on there.
    code, said = await typed(new, "restore", place.newest, "--identity", place.identity)
    assert code == 0, said
    assert (await typed(new, *CONFIRM))[0] == 0


async def test_after_a_restore_that_failed_by_itself_the_old_database_goes_on_by_the_same_command(
    place: Place, empty_database: Settings, typed: Typed, tmp_path: Path
) -> None:
    own = place.settings
    assert await typed(own, "backup") == (0, "")
    failing = _programs(tmp_path / "failing", 18, "cat >/dev/null; exit 1")
    new = replace(beside(own, empty_database), postgres_programs=failing)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROGRAMMES_POSTGRES_PROGRAMS", str(failing))
        code, said = await typed(new, "restore", place.newest, "--identity", place.identity)
    assert (code, "pg_restore failed" in said, place.keys.is_restoring()) == (1, True, True), said
    code, said = await typed(own, *CONFIRM)
    assert (code, "--instead as well" in said, place.keys.is_restoring()) == (1, True, True), said
    code, said = await typed(own, *INSTEAD)
    assert (code, restore_of(own.key_folder)) == (0, "restored"), said
    assert (await typed(own, "worker", "--once"))[0] == 0
    assert restore_of(own.key_folder) == ""
    # What has been brought back and is not erased again is not confirmed, whatever is said.
    place.keys.mark_restored()
    code, said = await typed(own, *INSTEAD)
    assert (code, "Start the worker first" in said) == (1, True), said
