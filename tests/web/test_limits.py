"""Nobody waits for ever, nobody keeps others out, and nobody loses a place for where they are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest
import structlog
import uvicorn
from litestar import Litestar

from programmes.core import db as core_db
from programmes.settings import Settings
from programmes.web import slow_clients
from programmes.web.last_resort import with_last_resort
from programmes.web.limits import AT_ONCE, MOST_BYTES, TookTooLong, Turns, with_whole_body
from programmes.web.slow_clients import PatientHttpsProtocol, PatientProtocol
from tests.clock import FrozenClock
from tests.factories import a_cohort, csrf_of, hidden
from tests.hostile.headers import judge_headers


class TestTurns:
    async def test_one_address_writes_so_many_at_a_time_in_its_order_and_others_do_not_wait(self) -> None:
        turns, now, most, order = Turns(3), 0, 0, []
        let_go = asyncio.Event()

        async def write(number: int) -> None:
            nonlocal now, most
            async with turns.turn("school"):
                now, most = now + 1, max(most, now + 1)
                order.append(number)
                await let_go.wait()
                now -= 1

        school = [asyncio.create_task(write(n)) for n in range(40)]
        await asyncio.sleep(0)
        async with asyncio.timeout(20):
            for other in ("home", None):
                async with turns.turn(other):
                    pass
        let_go.set()
        await asyncio.gather(*school)
        assert most == 3
        assert order == list(range(40))
        assert len(turns) == 0

    async def test_who_gives_up_waiting_or_fails_leaves_the_line(self) -> None:
        turns = Turns(1)
        async with turns.turn("a"):
            waiting = asyncio.create_task(self._take(turns))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        with pytest.raises(ZeroDivisionError):
            async with turns.turn("a"):
                raise ZeroDivisionError
        async with asyncio.timeout(20), turns.turn("a"):
            assert len(turns) == 1
        assert len(turns) == 0

    @staticmethod
    async def _take(turns: Turns) -> None:
        async with turns.turn("a"):
            raise AssertionError("it was not its turn")


async def test_two_dozen_from_one_address_all_get_their_answer_while_the_line_is_short(
    app: Litestar, settings: Settings, clock: FrozenClock, db: None
) -> None:
    """A school behind one address: everybody is served and none refused, and there is always room for others."""
    cohort = await a_cohort("2.1", clock.now())
    transport = httpx.ASGITransport(app=app)

    async def apply() -> tuple[int, str]:
        async with httpx.AsyncClient(transport=transport, base_url=settings.base_url) as browser:
            form = (await browser.get(f"/anmalan/{cohort.public_id}")).text
            typed = dict.fromkeys(("v_residency", "v_age", "v_own_wish", "v_no_more_extensive_need"), "ja")
            typed |= {"once": hidden(form, "once"), "_csrf_token": csrf_of(form), "fragad": "age"}
            answer = await browser.post(f"/anmalan/{cohort.public_id}", data=typed)
            return answer.status_code, (await browser.get("/min-plats")).text

    answers = await asyncio.gather(*(apply() for _ in range(24)))
    assert {status for status, _ in answers} == {303}
    assert sum("Du har en plats" in page for _, page in answers) == cohort.maximum
    assert sum("Du står i kö" in page for _, page in answers) == 24 - cohort.maximum
    assert settings.pool_size > AT_ONCE


async def test_a_request_that_hangs_is_given_up_in_words_and_leaves_nothing_locked(
    app: Litestar, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = await a_cohort("2.1", clock.now())
    form = (await client.get(f"/anmalan/{cohort.public_id}")).text
    typed = dict.fromkeys(("v_residency", "v_age", "v_own_wish", "v_no_more_extensive_need"), "ja")
    typed |= {"once": hidden(form, "once"), "_csrf_token": csrf_of(form), "fragad": "age"}
    monkeypatch.setattr(app.state, "most_seconds", 0.3)
    lock = owner.transaction()
    await lock.start()
    await owner.execute("select 1 from cohort where id = $1 for update", cohort.cohort_id)
    answer = await client.post(f"/anmalan/{cohort.public_id}", data=typed)
    await lock.rollback()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "Det tog för lång tid" in answer.text
    # The same form again gives the place, once; its keys lie there once.
    monkeypatch.setattr(app.state, "most_seconds", 25)
    for _ in range(2):
        assert (await client.post(f"/anmalan/{cohort.public_id}", data=typed)).status_code == 303
    assert await owner.fetchval("select count(*) from enrolment") == 1


async def test_the_database_gives_up_before_the_request_does_and_that_is_said(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    waits = {name: int(value) for name, value in core_db.WEB.items()}
    assert waits["lock_timeout"] < waits["statement_timeout"] < 25_000
    for error in (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError):

        async def held_up(*_: Any, error: type[Exception] = error) -> Any:
            raise error("MARKER")

        with monkeypatch.context() as patched:
            patched.setattr("programmes.cohorts.queries.fetch", held_up)
            answer = await client.get("/")
        assert answer.status_code == 503
        assert "MARKER" not in answer.text
    connection = await asyncpg.connect(settings.web_database_url, server_settings=core_db.WEB)
    try:
        assert await connection.fetchval("show statement_timeout") == "20s"
    finally:
        await connection.close()


async def _comes(*parts: bytes, then: float = 0, more: bool = False) -> Any:
    """A body that comes in parts, and goes on for ever if there is `more`."""
    left = list(parts)

    async def receive() -> Any:
        if not left:
            await asyncio.sleep(60)
        await asyncio.sleep(then)
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left) or more}

    return receive


async def test_a_body_is_waited_for_before_anybodys_turn_and_not_for_ever() -> None:
    post: Any = {"type": "http", "method": "POST"}
    whole = await with_whole_body(post, await _comes(b"a=1", b"&b=2"), 1)
    assert [(await whole())["body"], (await whole())["body"]] == [b"a=1", b"&b=2"]
    late = await with_whole_body(post, await _comes(b"a", more=True), 0.05)
    assert (await late())["body"] == b"a"
    with pytest.raises(TookTooLong):
        await late()
    # What is too large is handed on as soon as that is known, and refused by who reads it.
    large = await with_whole_body(post, await _comes(b"x" * (MOST_BYTES + 1), more=True), 1)
    assert len((await large())["body"]) > MOST_BYTES
    read = await _comes(b"")
    assert await with_whole_body({**post, "method": "GET"}, read, 1) is read


async def test_a_form_that_never_comes_to_its_end_is_told_so(
    app: Litestar, clock: FrozenClock, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(with_whole_body, "__defaults__", (0.1,))
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    head = [(b"host", b"testserver.local"), (b"content-type", b"application/x-www-form-urlencoded")]
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "headers": head,
        "path": "/min-plats", "raw_path": b"/min-plats", "query_string": b"", "root_path": "",
        "client": ("192.0.2.1", 1), "server": ("testserver.local", 80),
    }  # fmt: skip
    await app(scope, await _comes(b"kod=", more=True), send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 503
    assert "Det tog för lång tid" in sent[1]["body"].decode()


@asynccontextmanager
async def served(app: Any, protocol: type[PatientProtocol] = PatientProtocol) -> AsyncIterator[int]:
    """Served as `programmes serve` does, in this loop; the port."""
    config = uvicorn.Config(
        app, port=0, http=protocol, log_config=None, lifespan="off", access_log=False, server_header=False
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server._serve(None))  # type: ignore[arg-type]
    try:
        while not server.started:
            await asyncio.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


@pytest.mark.parametrize("protocol", [PatientProtocol, PatientHttpsProtocol])
async def test_what_is_no_http_is_refused_with_the_headers_of_every_other_answer(protocol: type[PatientProtocol]) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        """Hears of nothing here."""

    async with served(app, protocol) as port:
        for said in (
            b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b"GET /\xff HTTP/9.9\r\nhost: a\r\n\r\n",
            b"GET / HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n",
            b"GET / HTTP/1.1\r\nhost: a\r\n<script>: 1\r\n\r\n",
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(said)
            async with asyncio.timeout(20):
                head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
            writer.close()
            status, *lines = head.decode().split("\r\n")
            headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
            assert status.startswith("HTTP/1.1 400 "), said
            judge_headers(httpx.Response(400, headers=headers, request=httpx.Request("GET", "http://a/")), protocol.https)
            assert body == b"Invalid HTTP request received."


@pytest.mark.parametrize("https", [False, True])
@pytest.mark.parametrize("begun", [False, True])
async def test_what_fails_outside_the_application_has_the_headers_of_every_other_answer_and_tells_nothing(
    begun: bool, https: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if begun:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
        raise ValueError("Kim Hemlig")

    with structlog.testing.capture_logs() as logs:
        async with served(with_last_resort(app, https)) as port, httpx.AsyncClient() as browser:
            if begun:
                with pytest.raises(httpx.RemoteProtocolError):
                    await browser.get(f"http://127.0.0.1:{port}/")
            else:
                answer = await browser.get(f"http://127.0.0.1:{port}/")
                assert (answer.status_code, answer.text) == (500, "Internal Server Error")
                judge_headers(answer, https)
    assert [entry["error"] for entry in logs] == ["ValueError"]
    assert "Kim Hemlig" not in caplog.text


async def test_who_says_nothing_or_says_it_slowly_is_hung_up_on_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_clients, "HEAD_SECONDS", 0.2)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message["more_body"]:
                break
        await asyncio.sleep(0.3)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    async with served(app) as port:

        async def says(*parts: bytes, pause: float, until_closed: bool = False) -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                for part in parts:
                    if not writer.is_closing():
                        writer.write(part)
                    await asyncio.sleep(pause)
                async with asyncio.timeout(20):
                    return await reader.read(-1 if until_closed else 2000)
            except ConnectionError:
                return b""
            finally:
                writer.close()

        get = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
        silent, slow, slow_again, usual, slow_body = await asyncio.gather(
            says(pause=0),
            says(*(get[n : n + 2] for n in range(0, 12, 2)), pause=0.1),
            says(get, get[:5], b"", pause=0.4, until_closed=True),
            says(get, pause=0),
            says(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\n", b"a", b"b", b"c", pause=0.15),
        )
    assert silent == slow == b""
    # The first request was answered; the second, never said to the end, was not waited for.
    assert slow_again.count(b"200 OK") == 1
    # Taking long to answer, or a body that comes slowly, is no silence.
    assert usual.count(b"200 OK") == slow_body.count(b"200 OK") == 1
