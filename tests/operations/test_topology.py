"""Production as processes: two web processes and a worker, each with its own role, keys where production has them."""

import asyncio
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
import httpx
import pytest

from programmes import private_server
from programmes.core import schema
from programmes.core.clock import SystemClock
from programmes.core.codes import digest, grouped
from programmes.core.db import execute, fetchval, transaction
from programmes.core.sealing import KeyFolder
from programmes.demo import processes
from programmes.enrolment.services import leave
from programmes.evaluation import services as evaluation
from programmes.settings import Settings
from tests.conftest import empty
from tests.factories import a_cohort, a_leader, csrf_of, hidden, post_form
from tests.operations.rush import YES, rush

CONTACT = "bjork@example.invalid"
ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


async def eventually(holds: Callable[[], bool], seconds: float = 20) -> bool:
    """Whether something comes true; the worker looks every few seconds."""
    for _ in range(int(seconds * 10)):
        if holds():
            return True
        await asyncio.sleep(0.1)
    return False


@dataclass(frozen=True)
class Installation:
    """Two addresses of the same service, and the settings that only the worker knows wholly."""

    first: str
    second: str
    settings: Settings
    folder: Path


@pytest.fixture(scope="module")
async def installation(
    settings: Settings, owner: asyncpg.Connection, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    """Started once, as it takes some seconds; the tests empty the database between them. Whatever ran before in this
    process has left the marks of its own key folder, by which these processes would not start."""
    await empty(owner)
    folder = tmp_path_factory.mktemp("installation")
    mail = f"folder://{folder}/mail"
    settings = replace(settings, key_folder=folder / "keys", ballot_key_folder=folder / "ballot-keys", mail_url=mail)
    settings = replace(settings, log_key_folder=folder / "log-keys")
    running: list[asyncio.subprocess.Process] = []
    addresses = []
    try:
        for _ in range(2):
            port = free_port()
            addresses.append(f"http://127.0.0.1:{port}")
            running.append(await processes.start(settings, folder, "serve", "--port", str(port)))
        running.append(await processes.start(settings, folder, "worker"))
        for address, process in zip(addresses, running, strict=False):
            await processes.wait_until_ready(address, process)
        yield Installation(addresses[0], addresses[1], settings, folder)
        assert [process.returncode for process in running] == [None, None, None]
    finally:
        await processes.stop(running)
    # uvicorn finishes and then hands the signal on; the worker simply ends.
    assert [process.returncode for process in running] == [-signal.SIGTERM, -signal.SIGTERM, 0]


async def test_a_place_taken_at_one_web_process_is_there_at_the_other_and_told_by_the_worker(
    installation: Installation, db: None
) -> None:
    cohort = await a_cohort("2.1", SystemClock().now(), sessions=4)
    address = f"/anmalan/{cohort.public_id}"
    async with httpx.AsyncClient() as person:
        # The form comes from one process and is sent to the other, as behind any proxy.
        form = (await person.get(installation.first + address)).text
        typed = {**YES, "kontakt": CONTACT, "once": hidden(form, "once"), "_csrf_token": csrf_of(form)}
        answer = await person.post(installation.second + address, data=typed)
        assert (answer.status_code, answer.headers["location"]) == (303, "/min-plats")
        assert "Du har en plats" in (await person.get(installation.first + "/min-plats")).text
        again = await person.post(installation.first + address, data=typed)
        assert again.status_code == 303
    assert await fetchval("select count(*) from seat where cohort_id = $1", cohort.cohort_id) == 1
    async with httpx.AsyncClient() as stranger:
        for base in (installation.first, installation.second):
            assert "7 av 8 platser kvar" in (await stranger.get(f"{base}/insatser/{cohort.slug}")).text
    mail = installation.folder / "mail"
    assert await eventually(lambda: any(CONTACT in m.read_text() for m in mail.rglob("*") if m.is_file()))


async def test_no_process_shows_a_place_that_is_gone_or_hides_one_that_is_back(
    installation: Installation, db: None, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.1", SystemClock().now(), sessions=4)
    address, tags = f"/anmalan/{cohort.public_id}", {}

    async def shown(browser: httpx.AsyncClient) -> list[str]:
        """The places left on the page and for programs, at both processes, asked with what was answered before."""
        found = []
        for base in (installation.first, installation.second):
            page = (await browser.get(f"{base}/insatser/{cohort.slug}")).text
            found += set(re.findall(r"(\d) av 8 platser kvar", page))
            answer = await browser.get(f"{base}/api/v1/starts", headers={"if-none-match": tags.get(base, "")})
            tags[base] = answer.headers["etag"]
            found += [str(start["free"]) for start in answer.json()["starts"]] if answer.status_code == 200 else ["304"]
        return found

    async with httpx.AsyncClient() as person:
        assert await shown(person) == ["8"] * 4
        # Nothing has changed: the page is written again, and programs are told that it is as it was.
        assert await shown(person) == ["8", "304"] * 2
        assert (await post_form(person, installation.first + address, YES)).status_code == 303
        assert await shown(person) == ["7"] * 4
        enrolment_id = await owner.fetchval("select id from enrolment where cohort_id = $1", cohort.cohort_id)
        # In a third process.
        await leave(enrolment_id, KeyFolder(installation.settings.key_folder), SystemClock().now())
        assert await shown(person) == ["8"] * 4


async def test_two_hundred_at_once_for_eight_places_are_eight_held_and_the_others_in_line_as_they_came(
    installation: Installation, db: None, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.1", SystemClock().now(), sessions=4)
    answers = await rush(200, (installation.first, installation.second), cohort.public_id)
    assert {status for answer in answers for status in answer.statuses} == {303}
    assert sum(answer.holds for answer in answers) == 8
    assert sorted(answer.position for answer in answers if not answer.holds) == list(range(1, 193))
    # Nobody is there twice, also of those who pressed twice, and everybody's code is good.
    kept = await owner.fetch(
        "select e.code_digest, e.arrival, e.state, s.number from enrolment e left join seat s on s.enrolment_id = e.id"
    )
    people = {row["code_digest"]: row for row in kept}
    assert {digest(answer.code) for answer in answers} == set(people)
    assert len(kept) == 200
    assert sorted(row["number"] for row in kept if row["number"]) == list(range(1, 9))
    # Places to the first eight, and the number in the queue is by arrival.
    for answer in answers:
        row = people[digest(answer.code)]
        assert (answer.holds, answer.position) == (row["arrival"] <= 8, max(0, row["arrival"] - 8))
    async with httpx.AsyncClient(base_url=installation.second) as later:
        last = next(answer for answer in answers if answer.position == 192)
        assert (await post_form(later, "/min-plats", {"kod": grouped(last.code)})).status_code == 303
        assert "Du står i kö, som nummer 192" in (await later.get("/min-plats")).text


async def test_without_lock_and_constraints_the_same_rush_gives_more_than_eight_the_same_eight_places(
    installation: Installation, db: None, owner: asyncpg.Connection
) -> None:
    cohort = await a_cohort("2.1", SystemClock().now(), sessions=4)
    async with no_seat_constraints(owner), unlocked_pair(installation) as bases:
        # Fewer are enough: each of them reads before the others have written.
        answers = await rush(80, bases, cohort.public_id)
    assert sum(answer.holds for answer in answers) > 8


@asynccontextmanager
async def no_seat_constraints(owner: asyncpg.Connection) -> AsyncIterator[None]:
    """Seats are only rows: no number is anybody's alone, or too high. Afterwards as before, and nobody holds one."""
    found = await owner.fetch(
        """select conname, pg_get_constraintdef(oid) as definition from pg_constraint
           where conrelid = 'seat'::regclass and conname like any (array['one_holder%', 'seat_within%'])"""
    )
    assert len(found) == 3
    for row in found:
        await owner.execute(f"alter table seat drop constraint {row['conname']}")
    try:
        yield
    finally:
        await owner.execute("delete from seat")
        for row in found:
            await owner.execute(f"alter table seat add constraint {row['conname']} {row['definition']}")


@asynccontextmanager
async def unlocked_pair(installation: Installation) -> AsyncIterator[tuple[str, str]]:
    """Two more web processes of the same installation, which take no lock."""
    ports = [str(free_port()), str(free_port())]
    command = (sys.executable, "-m", "tests.operations.unlocked", *ports)
    environment = processes.environment(installation.settings, "serve")
    both = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        first, second = [f"http://127.0.0.1:{port}" for port in ports]
        for base in (first, second):
            await processes.wait_until_ready(base, both)
        yield first, second
    finally:
        await processes.stop([both])


async def test_a_ballot_key_is_made_where_only_the_worker_reads_and_its_public_half_where_web_does(
    installation: Installation, db: None
) -> None:
    now = SystemClock().now()
    leader = await a_leader(now)
    cohort = await a_cohort("2.1", now, leader, sessions=4)
    async with transaction():
        await execute("update cohort set state = 'started' where id = $1", cohort.cohort_id)
    ballot = await evaluation.ensure_ballot(cohort.cohort_id, now)
    private, public = installation.settings.ballot_key_folder, installation.settings.key_folder
    named = f"*{ballot}*"
    assert await eventually(lambda: any(private.rglob(named)) and any(public.rglob(named)))
    assert private.stat().st_mode & 0o077 == 0
    secret = next(private.rglob(named)).read_bytes()
    assert all(secret not in path.read_bytes() for path in public.rglob("*") if path.is_file())
    # What web was started with does not even say where the private half lies.
    assert str(private) not in processes.environment(installation.settings, "serve").values()


async def test_staff_signed_in_at_one_web_process_are_signed_in_at_the_other(installation: Installation, db: None) -> None:
    await a_leader(SystemClock().now())
    async with httpx.AsyncClient(base_url=installation.first) as robin:
        signed_in = await post_form(robin, "/logga-in", {"anv": "robin", "losen": "ett-langt-losenord"})
        assert signed_in.status_code == 303
        assert (await robin.get(installation.second + "/personal/idag")).status_code == 200


async def _as_if_migrated(url: str) -> None:
    """All that is asked of a database before web starts."""
    connection = await asyncpg.connect(url)
    await connection.execute("create table migration (name text, app_name text)")
    await connection.executemany("insert into migration values ($1, 'programmes')", [(name,) for name in schema.known()])
    await connection.close()


async def test_ready_says_when_the_database_is_gone_and_when_it_is_back(
    server: private_server.PrivateServer, settings: Settings, tmp_path: Path
) -> None:
    # A server of its own, beside the suite's: there the account that PostgreSQL runs as can enter.
    home = server.home.parent / "gone"
    database = await private_server.start(home, durable=False)
    web = None
    try:
        port = free_port()
        await _as_if_migrated(database.url("postgres"))
        alone = replace(settings, web_database_url=database.url("postgres"), key_folder=tmp_path / "keys")
        base = f"http://127.0.0.1:{port}"
        web = await processes.start(alone, tmp_path, "serve", "--port", str(port))
        await processes.wait_until_ready(base, web)
        database.stop()
        async with httpx.AsyncClient(base_url=base, timeout=10) as probe:
            answer = await probe.get("/health/ready")
            assert (answer.status_code, answer.json()["database"], answer.json()["keys"]) == (503, False, True)
            assert (await probe.get("/health/live")).status_code == 200
            await private_server.start(home, durable=False)
            assert (await probe.get("/health/ready")).status_code == 200
    finally:
        await processes.stop([web] if web else [])
        private_server.remove(home)
