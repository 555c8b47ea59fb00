"""A database with several hosts, of which one is dark; and one that falls silent while it is asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

import asyncpg
import pytest

from drills.proxy import Wire
from programmes import private_server
from programmes.core import connecting, db
from programmes.core.connecting import DatabaseAway, connect, each_host
from programmes.settings import Settings


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "_last", {})
    monkeypatch.setattr(connecting, "PATIENCE_SECONDS", 1.5)


@pytest.mark.parametrize(("address", "each"), [
    ("postgresql://u:p@a/d?x=1", ["postgresql://u:p@a/d?x=1"]),
    ("postgresql://u:p%40@a:1,b:2/d", ["postgresql://u:p%40@a:1/d", "postgresql://u:p%40@b:2/d"]),
    ("postgres://a,b/d?ssl=x", ["postgres://a/d?ssl=x", "postgres://b/d?ssl=x"]),
    ("postgresql://[::1]:1,[::2]/d", ["postgresql://[::1]:1/d", "postgresql://[::2]/d"]),
    ("postgresql://u:@/d?host=/s&port=1", ["postgresql://u:@/d?host=/s&port=1"]),
    ("postgresql://u:@/d?host=/s,b&port=1,2", ["postgresql://u:@/d?host=/s&port=1", "postgresql://u:@/d?host=b&port=2"]),
    ("postgresql://u:@/d?host=a,b&port=1", ["postgresql://u:@/d?host=a&port=1", "postgresql://u:@/d?host=b&port=1"]),
])  # fmt: skip
def test_an_address_of_several_hosts_is_one_for_each(address: str, each: list[str]) -> None:
    assert [one.replace("%2F", "/") for one in each_host(address)] == each


@asynccontextmanager
async def wires(server: private_server.PrivateServer, many: int) -> AsyncIterator[list[Wire]]:
    found = [Wire(server.home / "socket" / ".s.PGSQL.5432") for _ in range(many)]
    for wire in found:
        await wire.start()
    try:
        yield found
    finally:
        for wire in found:
            await wire.cut()


def by(wires: list[Wire], settings: Settings, more: str = "") -> str:
    _, _, rest = settings.web_database_url.partition("://")
    who, _, after = rest.partition("@")
    database = after.strip("/").partition("?")[0]
    hosts = ",".join(f"127.0.0.1:{wire.port}" for wire in wires)
    return f"postgresql://{who}@{hosts}/{quote(database)}?sslmode=disable{more}"


async def test_a_host_that_says_nothing_does_not_keep_from_the_next_and_is_not_asked_first_again(
    server: private_server.PrivateServer, settings: Settings
) -> None:
    changed = []

    async def on_change() -> None:
        changed.append(True)

    async with wires(server, 2) as both:
        address = by(both, settings, "&target_session_attrs=read-write")
        await (await connect(address, on_change)).close()
        assert changed == []
        both[0].silence(True)
        async with asyncio.timeout(10):
            connection = await connect(address, on_change)
        assert await connection.fetchval("select 1") == 1
        await connection.close()
        assert changed == [True]
        async with asyncio.timeout(1.2):
            await (await connect(address, on_change)).close()
        both[1].silence(True)
        with pytest.raises(DatabaseAway, match="TimeoutError"):
            await connect(address)


async def test_a_wrong_password_is_told_as_that(server: private_server.PrivateServer, settings: Settings) -> None:
    async with wires(server, 1) as one:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await connect(by(one, settings).replace(server.passwords["programmes_web"], "wrong"))


async def test_only_a_host_that_takes_writes_is_taken(server: private_server.PrivateServer, settings: Settings) -> None:
    async with wires(server, 1) as one:
        with pytest.raises(DatabaseAway, match="TargetServerAttributeNotMatched"):
            await connect(by(one, settings, "&target_session_attrs=standby"))


async def test_what_is_given_up_on_a_silent_wire_gives_its_connection_back(
    server: private_server.PrivateServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "PARTING_SECONDS", 0.2)
    # Of the pool that the run's tests share nothing is used, and nothing is closed.
    monkeypatch.setattr(db.engine(), "pool", None)
    monkeypatch.setattr(db.engine(), "config", {})
    async with wires(server, 1) as [wire]:
        await db.open_pool(by([wire], settings), 1)
        try:
            wire.silence(True)
            for asked in (_read, _write):
                started = asyncio.get_running_loop().time()
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.3):
                        await asked()
                assert asyncio.get_running_loop().time() - started < 10
            wire.silence(False)
            async with asyncio.timeout(20):
                assert await db.fetchval("select 1") == 1
        finally:
            wire.silence(True)
            async with asyncio.timeout(20):
                await db.close_pool()


async def _read() -> None:
    await db.fetchval("select 1")


async def _write() -> None:
    async with db.transaction():
        await db.execute("select 1")
