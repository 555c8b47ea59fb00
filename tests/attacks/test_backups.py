"""Attack: backups of the database from before, between and after votes, read without the keys, compared, and restored."""

import asyncio
import itertools
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from programmes import worker
from programmes.core import codes
from programmes.core.sealing import KeyGone
from programmes.evaluation import keys as ballot_key_room
from programmes.evaluation import services
from programmes.evaluation.keys import BallotKeys
from programmes.evaluation.queries import for_cohort, release_of
from programmes.private_server import PrivateServer
from programmes.settings import Settings
from tests.attacks.conftest import Boxes
from tests.attacks.disk import BOX, where
from tests.attacks.weakened import weakened
from tests.clock import FrozenClock
from tests.conftest import _KEPT, empty
from tests.evaluation.conftest import GLAD, Groups

WORDS = "Att få höra andra berätta"
_COPY = re.compile(r"^COPY public\.(\w+) \(([^)]*)\) FROM stdin;\n(.*?)^\\\.$", re.DOTALL | re.MULTILINE)
Dump = dict[str, list[str]]


class Backups:
    """What `pg_dump` of this server takes home, and `psql` puts back."""

    def __init__(self, server: PrivateServer, owner: asyncpg.Connection, url: str) -> None:
        self._server, self._owner, self._url = server, owner, url

    async def _run(self, program: str, *arguments: str, said: str = "") -> str:
        found = await asyncio.to_thread(
            subprocess.run, [str(self._server.binaries / program), *arguments, self._url],
            input=said, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return str(found.stdout)

    async def take(self) -> str:
        """The rows of every table, as plain text."""
        kept = [f"--exclude-table={name}" for name in _KEPT]
        return await self._run("pg_dump", "--data-only", "--schema=public", "--no-sync", *kept)

    async def put_back(self, dump: str) -> None:
        """All that there is goes, and what the backup holds comes."""
        await empty(self._owner)
        await self._run("psql", "-q", "-v", "ON_ERROR_STOP=1", said=f"set session_replication_role = replica;\n{dump}")


@pytest.fixture
def backups(server: PrivateServer, owner: asyncpg.Connection, settings: Settings) -> Backups:
    return Backups(server, owner, settings.database_url)


def tables(dump: str) -> Dump:
    """A backup's rows as they stand there, by table."""
    return {found[1]: found[3].splitlines() for found in _COPY.finditer(dump)}


def sealed_in(dump: str) -> Iterator[tuple[UUID, bytes]]:
    """Every sealed answer in a backup, with its box."""
    for row in tables(dump).get("sealed_answer", []):
        _id, box, blob = row.split("\t")
        yield UUID(box), bytes.fromhex(blob.removeprefix("\\\\x"))


def opened(dump: str, secrets: Mapping[str, bytes]) -> set[str]:
    """The names of secrets with which anything sealed in a backup can be opened."""
    found = set()
    for (box, blob), (name, secret) in itertools.product(sealed_in(dump), secrets.items()):
        for purpose in (ballot_key_room._purpose(box), b""):
            try:
                ballot_key_room._SUITE.decrypt(blob, X25519PrivateKey.from_private_bytes(secret), info=purpose)
            except (InvalidTag, ValueError):
                continue
            found.add(name)
    for row, (name, secret) in itertools.product(tables(dump).get("held_text", []), secrets.items()):
        for part in re.findall(r"\\\\x([0-9a-f]{100,})", row):
            blob = bytes.fromhex(part)
            for about in (b"2.1", None, *_bound_to(name)):
                try:
                    AESGCM(secret).decrypt(blob[:12], blob[12:], about)
                except (InvalidTag, ValueError):
                    continue
                found.add(name)
    return found


def _bound_to(name: str) -> list[bytes]:
    """What a text is bound to, if this is the file of a key that has an id: its programme and that."""
    try:
        return [b"2.1" + UUID(Path(name).stem).bytes]
    except ValueError:
        return []


def _secrets(*folders: Path) -> dict[str, bytes]:
    """Everything in these folders that could be a key, and nothing at all."""
    found = {str(path): path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}
    return {name: raw for name, raw in found.items() if len(raw) == 32} | {"zeros": b"\0" * 32}


async def test_no_backup_can_be_read_and_none_counts_an_answer_twice(
    groups: Groups, backups: Backups, ballot_keys: BallotKeys, settings: Settings, clock: FrozenClock
) -> None:
    cohort, slips = await groups.with_slips(6)
    given = {**GLAD, "good": WORDS}
    dumps = {"before": await backups.take()}
    for code in slips[:3]:
        assert await services.cast(code, given, settings.key_folder)
    dumps["between"] = await backups.take()
    for code in slips[3:]:
        assert await services.cast(code, given, settings.key_folder)
    box = await for_cohort(cohort.cohort_id)
    assert box
    private = settings.ballot_key_folder / "private" / f"{box.ballot_id}.key"
    secret = private.read_bytes()
    dumps["full"] = await backups.take()
    await services.close(cohort.cohort_id, groups.leader, clock.now())
    await worker.drain(groups.worker)
    released = await release_of(cohort.cohort_id)
    assert released
    assert released.answers == 6
    dumps["after"] = await backups.take()

    # Nothing is readable: not in the text of a backup, nor with any key that web reaches.
    plain = {"words": WORDS, "begins": WORDS[:12], **{f"code {n}": code for n, code in enumerate(slips)}}
    assert where(plain, {name: dump.encode() for name, dump in dumps.items()}) == {}
    assert [len(list(sealed_in(dump))) for dump in dumps.values()] == [0, 3, 6, 0]
    assert len(tables(dumps["after"])["held_text"]) == 6
    for name, dump in dumps.items():
        assert opened(dump, _secrets(settings.key_folder)) == set(), name
    assert opened(dumps["full"], {"ballot": secret}) == {"ballot"}, "the control: with its key it is read"
    assert opened(dumps["after"], _secrets(settings.ballot_key_folder)), "the control: the worker's key of texts"
    # The key of the box is nowhere any more: whoever has every backup and every folder opens no answer.
    assert not any(opened(dump, _secrets(settings.key_folder, settings.ballot_key_folder)) for dump in
                   (dumps["between"], dumps["full"]))  # fmt: skip

    # Yesterday's backup comes back, with a box that has been counted. Before and after the worker has looked, no slip of it
    # answers again, and no answer is counted again.
    for name in ("between", "full"):
        await backups.put_back(dumps[name])
        restored = await for_cohort(cohort.cohort_id)
        assert restored
        assert restored.is_open
        for code in slips:
            with pytest.raises(KeyGone):
                await services.cast(code, GLAD, settings.key_folder)
        await services.close(cohort.cohort_id, groups.leader, clock.now())
        await worker.drain(groups.worker)
        ended = await for_cohort(cohort.cohort_id)
        assert ended
        assert ended.state == "destroyed"
        assert not await services.cast(slips[5], GLAD, settings.key_folder)
        assert await release_of(cohort.cohort_id) is None
        left = tables(await backups.take())
        assert not any(left.get(table) for table in BOX)

    # The control: with the key still there, and no receipt, the restored box is counted a second time.
    (settings.ballot_key_folder / "receipts.jsonl").unlink()
    private.write_bytes(secret)
    ballot_keys.create(box.ballot_id)
    await backups.put_back(dumps["full"])
    await services.close(cohort.cohort_id, groups.leader, clock.now())
    await worker.drain(groups.worker)
    twice = await release_of(cohort.cohort_id)
    assert twice
    assert twice.answers == 6


def _changed(one: str, other: str) -> dict[str, tuple[set[str], set[str]]]:
    """By table, the rows that only the one or only the other of two backups holds."""
    before, after = tables(one), tables(other)
    both = {name: (set(before.get(name, [])), set(after.get(name, []))) for name in before.keys() | after.keys()}
    return {name: (old - new, new - old) for name, (old, new) in both.items() if old != new}


async def _round(boxes: Boxes, backups: Backups, votes: int) -> tuple[str, str, list[str]]:
    """Two backups, and between them as many votes into a box that has some."""
    _box, slips = await boxes.open(votes + 6)
    await boxes.cast(slips, [{"safety": 5}] * 4)
    one = await backups.take()
    await boxes.cast(slips[4:], [{"safety": 3}] * votes)
    return one, await backups.take(), slips[4 : 4 + votes]


async def test_two_backups_round_a_vote_show_a_box_that_is_written_anew(boxes: Boxes, backups: Backups) -> None:
    """All rows of the box differ in their ids, whatever came in between; the sealed bytes of what was there stay. So who has
    backups from right before and right after one vote sees which digest was used and which sealed answer came then, as
    docs/evaluation.md says: both say nothing without the slip, and the key. Of several it is not seen which is whose."""
    one, other, used = await _round(boxes, backups, 1)
    changed = _changed(one, other)
    assert set(changed) == set(BOX), "a vote changes nothing else"
    assert [len(rows) for rows in changed["sealed_answer"]] == [4, 5], "every row is another one"
    assert [len(rows) for rows in changed["slip"]] == [1, 0]
    (gone,) = changed["slip"][0]
    assert codes.digest(used[0]).hex() in gone
    assert len({len(row) for row in tables(other)["sealed_answer"]}) == 1
    # Ids are drawn anew, and lie in their order: that the new answer lies where it does was drawn too.
    before, after = ([row.split("\t") for row in tables(dump)["sealed_answer"]] for dump in (one, other))
    assert not {row[0] for row in before} & {row[0] for row in after}
    assert [row[0] for row in after] == sorted(row[0] for row in after)
    assert {row[2] for row in before} < {row[2] for row in after}


async def test_control_a_box_that_only_grows_shows_which_vote_came_then(boxes: Boxes, backups: Backups) -> None:
    async with weakened(boxes.owner, "only adds"):
        one, other, _used = await _round(boxes, backups, 2)
    old, new = _changed(one, other)["sealed_answer"]
    assert (len(old), len(new)) == (0, 2), "what was there stays, row for row, and what came lies at the end in order"


async def test_a_pool_is_not_mixed_a_second_time_and_dead_boxes_hold_up_no_living_one(
    boxes: Boxes, backups: Backups, the_worker: worker.Worker
) -> None:
    """Two small groups were mixed and released. Yesterday's backup has them apart again, one waiting and one open."""
    four: list[dict[str, object]] = [{"safety": 5}] * 4
    three: list[dict[str, object]] = [{"safety": 1}] * 3
    waiting = await boxes.counted(four)
    other, slips = await boxes.open(4)
    await boxes.cast(slips, three)
    dump = await backups.take()
    assert await boxes.count(other) == "pooled"
    assert await boxes.owner.fetchval("select answers from release") == 7
    await backups.put_back(dump)
    assert await boxes.owner.fetchval("select count(*) from release") == 0
    # Groups that close before the worker has looked at what was restored are mixed with each other, and with no dead one.
    assert await boxes.count(await _with(boxes, three)) == "waiting"
    assert await boxes.owner.fetchval("select count(*) from release") == 0
    assert await boxes.count(await _with(boxes, [{"safety": 2}] * 2)) == "pooled"
    assert await boxes.owner.fetch("select answers, results from release") == [(5, '{"safety": [3, 2, 0, 0, 0]}')]
    with pytest.raises(KeyGone):
        await services.cast(slips[3], GLAD, boxes.settings.key_folder)
    await worker.drain(the_worker)
    states = dict(await boxes.owner.fetch("select id, state from ballot"))
    assert [states[waiting], states[other]] == ["destroyed", "destroyed"]
    assert await boxes.owner.fetchval("select count(*) from release") == 1
    assert await boxes.owner.fetchval("select count(*) from sealed_answer") == 0


async def _with(boxes: Boxes, answers: list[dict[str, object]]) -> UUID:
    box, slips = await boxes.open(len(answers))
    await boxes.cast(slips, answers)
    return box
