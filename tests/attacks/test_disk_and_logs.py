"""Attack: search the database's files, its write-ahead log and every log for what a voter typed, held or came from; also
after votes that went wrong in every way that they can. The web process is a real one, with production's settings."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest

from programmes.core import codes
from programmes.evaluation.keys import BallotKeys
from tests.attacks.conftest import Boxes
from tests.attacks.disk import WAITING, Disk, apart, where, written
from tests.attacks.weakened import weakened
from tests.clock import FrozenClock
from tests.operations.test_logs import Running, running  # noqa: F401

WORDS = 'Zqxvår kväll "med" Åsa'
HOME, PROXY, AGENT = "127.0.0.77", "203.0.113.177", "ZqxAgent/1.0"
# Where the digest of a slip may stand: with the slip, and in the log that the database writes ahead. docs/evaluation.md.
OF_SLIPS = ("slip", "pg_wal/")


@pytest.mark.parametrize("secret", [WORDS, "7KQM2XPA9TWFH4RD", HOME, b"\0\xff" * 16])
def test_a_secret_is_seen_however_it_is_written(secret: str | bytes) -> None:
    raw = secret if isinstance(secret, bytes) else secret.encode()
    assert raw in written(secret)
    for form in written(secret):
        assert where({"it": secret}, {"a": b"xx" + form + b"yy", "b": b"nothing"}) == {"it": {"a"}}
    for around in range(6):
        content = base64.b64encode(b"?" * around + raw + b"!" * around)
        assert where({"it": secret}, {"a": content}) == {"it": {"a"}}
    if isinstance(secret, str):
        for content in (json.dumps({"k": secret}).encode(), secret.encode("utf-16"), raw.hex().encode()):
            assert where({"it": secret}, {"a": content}) == {"it": {"a"}}


@asynccontextmanager
async def _box_is_held(owner: asyncpg.Connection, box: UUID) -> AsyncIterator[None]:
    async with owner.transaction():
        await owner.execute("select ballot_lock($1)", box)
        yield


async def _end_who_waits(owner: asyncpg.Connection, how: str) -> None:
    """Break off a vote that waits for the box, as an administrator may, or a server that stops."""
    for _ in range(400):
        ended = await owner.fetch(f"select {how}(pid) {WAITING}")
        if ended:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


class Voter:
    """A browser at an address of its own, which says what it is."""

    def __init__(self, base: str) -> None:
        self.browser = httpx.AsyncClient(
            base_url=base,
            timeout=30,
            headers={"user-agent": AGENT, "x-forwarded-for": PROXY},
            transport=httpx.AsyncHTTPTransport(local_address=HOME),
        )

    async def vote(self, code: str, **more: str) -> int:
        given = {"kod": code, "steg": "svar", "safety": "4", "good": WORDS, "change": WORDS, **more}
        return (await self.browser.post("/u?lang=ar", data=given)).status_code


async def _every_way(voter: Voter, owner: asyncpg.Connection, box: UUID, printed: list[str], keys: Path) -> dict[str, int]:
    """Votes that go well, and wrong in each way that there is."""
    said = {
        "typed": (await voter.browser.post("/u", data={"kod": codes.grouped(printed[0])})).status_code,
        "of no slip": await voter.vote(codes.new_code()),
        "wrong step": await voter.vote(printed[0], safety="9"),
        "another language": await voter.vote(printed[0], gor="sprak"),
        "too long": await voter.vote(printed[0], good=WORDS * 40),
        "too large": await voter.vote(printed[0], good=WORDS * 20_000),
        "voted": await voter.vote(printed[0]),
        "twice": await voter.vote(printed[0]),
    }

    async def meanwhile(name: str, done: Callable[[], Awaitable[None]]) -> None:
        waiting = asyncio.create_task(voter.vote(printed[1]))
        await done()
        said[name] = await waiting

    function = "cast_ballot(bytea, bytea)"
    await owner.execute(f"alter function {function} set lock_timeout = '30ms'")
    try:
        async with _box_is_held(owner, box):
            said["too late"] = await voter.vote(printed[1])
    finally:
        await owner.execute(f"alter function {function} reset lock_timeout")
    for how in ("pg_cancel_backend", "pg_terminate_backend"):
        async with _box_is_held(owner, box):
            await meanwhile(how, lambda how=how: _end_who_waits(owner, how))  # type: ignore[misc]
    await owner.execute("alter table sealed_answer rename to elsewhere")
    try:
        said["no table"] = await voter.vote(printed[1])
    finally:
        await owner.execute("alter table elsewhere rename to sealed_answer")
    await owner.execute("alter table sealed_answer add constraint never check (octet_length(blob) < 0) not valid")
    try:
        said["refused"] = await voter.vote(printed[1])
    finally:
        await owner.execute("alter table sealed_answer drop constraint never")
    public = keys / "ballots" / f"{box}.pub"
    away = public.rename(public.with_suffix(".away"))
    try:
        said["no key"] = await voter.vote(printed[1])
    finally:
        away.rename(public)
    said["in the end"] = await voter.vote(printed[1])
    return said


async def _hangs_up(base: str, code: str) -> None:
    """Half a vote, from a phone that loses its line."""
    _reader, writer = await asyncio.open_connection("127.0.0.1", int(base.rsplit(":", 1)[1]), local_addr=(HOME, 0))
    body = f"kod={code}&steg=svar&good={WORDS}".encode()
    head = (
        f"POST /u HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: {AGENT}\r\ncontent-type: application/x-www-form-urlencoded\r\n"
    )
    writer.write(head.encode() + f"content-length: {len(body) + 50}\r\n\r\n".encode() + body)
    await writer.drain()
    writer.close()


async def test_nothing_of_a_voter_stands_on_any_disk(
    running: Running,  # noqa: F811
    disk: Disk,
    owner: asyncpg.Connection,
    clock: FrozenClock,
    workers_lines: tuple[asyncpg.Connection, asyncpg.Pool],
    tmp_path: Path,
) -> None:
    own = running.settings
    ballots = BallotKeys(own.ballot_key_folder, own.key_folder)
    boxes = Boxes(owner, ballots, own, clock, workers_lines[1])
    box, printed = await boxes.open(8)
    await owner.execute("checkpoint")
    begun, position, voter = time.time(), await disk.log_position(), Voter(running.base)
    async with disk.nothing_is_cleaned_away():
        said = await _every_way(voter, owner, box, printed, own.key_folder)
        await _hangs_up(running.base, printed[2])
        for code in printed[3:6]:
            assert await voter.vote(code) == 303
        sealed = [bytes(row["blob"]) for row in await owner.fetch("select blob from sealed_answer")]
        assert len(sealed) == 5
        assert await boxes.count(box) == "released"

        async def everything() -> dict[str, bytes]:
            found = await disk.files(position, begun)
            for path in tmp_path.rglob("*"):
                if path.is_file():
                    found[f"folder/{path.relative_to(tmp_path)}"] = path.read_bytes()
            return found

        files = await everything()
        # What was meant to go wrong did, and was written about.
        assert said == {
            "typed": 200, "of no slip": 409, "wrong step": 422, "another language": 200, "too long": 422, "too large": 413,
            "voted": 303, "twice": 409, "too late": 503, "pg_cancel_backend": 503, "pg_terminate_backend": 503,
            "no table": 500, "refused": 500, "no key": 503, "in the end": 303,
        }  # fmt: skip
        log = files["server.log"].decode(errors="replace")
        for line in ("lock timeout", "due to user request", "administrator command", "violates check constraint"):
            assert line in log
        assert b"unexpected_error" in files["folder/said"]

        # Of slips the first that was used, the one that met every trouble, one whose line broke and one that nobody drew.
        some = {"used": printed[0], "troubled": printed[1], "hung up": printed[2], "unused": printed[7]}
        person = {"words": WORDS, "home": HOME, "proxy": PROXY, "agent": AGENT}
        assert where(person, files) == {}
        assert where(some, files) == {}
        assert where({name: codes.grouped(code) for name, code in some.items()}, files) == {}
        digests = where({name: codes.digest(code) for name, code in some.items()}, files)
        assert len(digests) == len(some), "the control: they stand where they are kept"
        assert {name for names in digests.values() for name in apart(names, OF_SLIPS)} == set()
        answers = where({f"answer {n}": blob[-40:] for n, blob in enumerate(sealed)}, files)
        assert len(answers) == 5
        assert {name for names in answers.values() for name in apart(names, ("sealed_answer", "pg_wal/"))} == set()

        # The controls: a box that tells its slip to the log, and words that somebody has written down.
        _box, other = await boxes.open(1)
        async with weakened(owner, "the slip in the log"):
            assert await voter.vote(other[0]) == 303
        await owner.execute("insert into venue (name, address) values ($1, $2)", WORDS, HOME)
        files = await everything()
        assert "server.log" in where({"digest": codes.digest(other[0])}, files)["digest"]
        told = where(person, files)
        assert set(told) == {"words", "home"}
        assert all(any(name.startswith("venue") for name in names) for names in told.values())
        assert all(any(name.startswith("pg_wal/") for name in names) for names in told.values()), told
    await voter.browser.aclose()
