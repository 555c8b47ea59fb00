"""programmes doctor: its own address behind TLS, the mail server, the gateway for texts. Real peers, and nothing is sent."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from programmes.doctor import reach_checks
from programmes.doctor.findings import Finding, Patient
from programmes.doctor.reach_checks import Answers, Line, answer_findings, line_findings, mail_findings
from programmes.notices.post_services import post_from
from programmes.settings import Settings
from tests.notices.peer import Peer
from tests.notices.test_post import certified

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def patient(settings: Settings, part: str = "worker") -> Patient:
    return Patient(settings, NOW, part)  # type: ignore[arg-type]


def told(found: list[Finding]) -> list[tuple[str, str]]:
    return [(f.level, f.says) for f in found]


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    """A mail server on a free port."""
    found = Peer()
    await found.start()
    yield found
    await found.stop()


@asynccontextmanager
async def a_site(context: ssl.SSLContext, pages: dict[str, int], hsts: bool = True) -> AsyncIterator[int]:
    """A proxy that answers with these codes; gives its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            while await reader.readline() not in {b"\r\n", b""}:
                pass
            more = "strict-transport-security: max-age=1\r\n" if hsts else ""
            code = pages[line.split()[1].decode()]
            writer.write(f"HTTP/1.1 {code} OK\r\n{more}content-length: 0\r\n\r\n".encode())
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


WELL = {"/": 200, "/health/ready": 404, "/metrics": 404}


async def test_the_base_address_is_reached_with_its_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted = tmp_path / "trusted.pem"
    context = certified(tmp_path, trusted, NOW + timedelta(days=20))
    async with a_site(context, WELL) as port:
        own = Settings(base_url=f"https://127.0.0.1:{port}")
        [strange] = await reach_checks.base_address(patient(own))
        assert (strange.level, "by nobody whom this machine trusts" in strange.says) == ("fault", True)
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        good, answers = await reach_checks.base_address(patient(own))
        assert (good.level, answers.level) == ("ok", "ok")
        assert "good until 2026-12-19" in good.says
        soon, _ = await reach_checks.base_address(replace(patient(own), now=NOW + timedelta(days=7)))
        assert (soon.level, bool(soon.mend)) == ("warning", True)
    [away] = await reach_checks.base_address(patient(own))
    assert (away.level, "nothing answers there" in away.says) == ("warning", True)


@pytest.mark.parametrize(
    ("until", "of", "says"),
    [(datetime(2021, 1, 1, tzinfo=UTC), "127.0.0.1", "has expired"), (NOW + timedelta(900), "127.0.0.9", "of another name")],
)
async def test_a_certificate_that_browsers_refuse_is_a_fault(
    until: datetime, of: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = tmp_path / "trusted.pem"
    context = certified(tmp_path, trusted, until, of)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    async with a_site(context, WELL) as port:
        [found] = await reach_checks.base_address(patient(Settings(base_url=f"https://127.0.0.1:{port}")))
    assert (found.level, says in found.says, bool(found.mend)) == ("fault", True, True)


async def test_who_speaks_no_tls_or_nothing_at_all_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3)

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 no\r\n\r\n")
        writer.close()

    for peer, why, seconds in ((silent, "timeout", 0.3), (plain, "no tls", 20)):
        monkeypatch.setattr(reach_checks, "_SECONDS", seconds)
        server = await asyncio.start_server(peer, "127.0.0.1", 0)
        line = await reach_checks.line_to(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        server.close()
        assert line.why == why
    assert (await reach_checks.line_to("https://nowhere.invalid")).why == "unknown host"


def test_without_tls_it_is_fine_for_this_machine_only() -> None:
    for url, level in (("http://127.0.0.1:8000", "note"), ("http://stod.example.se", "fault")):
        [found] = asyncio.run(reach_checks.base_address(patient(Settings(base_url=url))))
        assert found.level == level


@pytest.mark.parametrize(
    ("got", "level", "says"),
    [
        (Answers(404, 200, 404, True), "ok", "answers"),
        (Answers(200, 200, 404, True), "ok", "answers"),
        (Answers(404, 200, 404, False), "fault", "does not know that it is behind TLS"),
        (Answers(404, 421, 404, True), "fault", "does not know the name"),
        (Answers(404, 502, 404, False), "fault", "reaches no web process"),
        (Answers(503, 200, 404, True), "fault", "not ready"),
        (Answers(404, 404, 404, False), "fault", "another service's"),
        (Answers(404, 200, 200, True), "fault", "/metrics can be read"),
    ],
)
def test_who_answers_there_is_judged(got: Answers, level: str, says: str) -> None:
    first = next(iter(answer_findings(got)))
    assert (first.level, says in first.says, bool(first.mend)) == (level, True, level != "ok")


def test_a_gateway_that_is_away_is_a_fault_and_one_s_own_address_a_warning() -> None:
    for level in ("fault", "warning"):
        [found] = line_findings("x", "host", Line("refused"), NOW, level)  # type: ignore[arg-type]
        assert found.level == level


def test_web_behind_tls_must_know_its_proxy() -> None:
    async def found(part: str, **more: object) -> list[str]:
        own = Settings(base_url="https://stod.example.se", **more)  # type: ignore[arg-type]
        return [f.level for f in await reach_checks.trusted_proxies(patient(own, part))]

    assert asyncio.run(found("web")) == ["warning"]
    assert asyncio.run(found("web", trusted_proxies=(ip_network("127.0.0.1"),))) == []
    assert asyncio.run(found("worker")) == []


async def test_mail_is_tried_as_far_as_the_sender_and_nothing_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer, trusted = Peer(), tmp_path / "trusted.pem"
    await peer.start(certified(tmp_path, trusted))
    port = peer.url.rpartition(":")[2]

    async def tried(user: str = "stod:p%40ss%2Fword", host: str = "127.0.0.1") -> list[Finding]:
        own = Settings(mail_url=f"smtp://{user}@{host}:{port}?starttls", mail_from="noreply@example.se")
        return [*await reach_checks.mail(patient(own))]

    [untrusted] = await tried()
    assert (untrusted.level, "certificate that is not believed" in untrusted.says) == ("fault", True)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    assert told(await tried()) == [("ok", "The mail server is reached, signs in, and takes the sender. Nothing was sent.")]
    [wrong] = await tried("stod:hemligt")
    assert (wrong.level, "refuses the name or the password" in wrong.says) == ("fault", True)
    assert "hemligt" not in repr(wrong)
    peer.behaviour = "refuse_sender"
    assert "does not take the sender" in told(await tried())[0][1]
    await peer.stop()
    assert "is not reached" in told(await tried())[0][1]
    assert peer.taken == []


async def test_a_mail_server_that_cannot_encrypt_is_a_fault(peer: Peer) -> None:
    own = Settings(mail_url=f"{peer.url}?starttls", mail_from="noreply@example.se")
    [found] = await reach_checks.mail(patient(own))
    assert (found.level, "cannot encrypt" in found.says) == ("fault", True)
    [found] = await reach_checks.mail(patient(replace(own, mail_url=peer.url)))
    assert found.level == "ok"


@pytest.mark.parametrize(
    ("url", "sender", "levels"),
    [
        ("", "noreply@example.se", ["warning"]),
        ("folder:///tmp/mail", "noreply@example.se", ["warning"]),
        ("smtp://mail.example.se", "noreply@example.se", ["warning", "ok"]),
        ("smtp://mail.example.se?starttls", "noreply@example.invalid", ["fault", "ok"]),
    ],
)
def test_a_mail_setting_that_leads_nowhere_is_said(url: str, sender: str, levels: list[str]) -> None:
    assert [f.level for f in mail_findings(post_from(url), sender, "")] == levels
    assert {f.level for f in mail_findings(post_from(""), sender, "", demo=True)} == {"note"}


async def test_the_gateway_for_texts_is_reached_without_a_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted = tmp_path / "trusted.pem"
    async with a_site(certified(tmp_path, trusted), {}) as port:
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        own = Settings(sms_url=f"https://127.0.0.1:{port}/a1/sms", sms_user="a", sms_password="hemligt")
        assert [f.level for f in await reach_checks.text_address(patient(own))] == ["ok"]
        found = await reach_checks.text_address(patient(replace(own, sms_password="")))
        assert [f.level for f in found] == ["ok", "fault"]
        assert await reach_checks.text_address(patient(own, "web")) == []
    [away] = await reach_checks.text_address(patient(own))
    assert (away.level, "hemligt" in repr(away)) == ("fault", False)
    assert await reach_checks.text_address(patient(Settings())) == []
    [folder] = await reach_checks.text_address(patient(Settings(sms_url="folder:///tmp/texts")))
    assert folder.level == "warning"


async def test_a_test_mail_is_sent_to_who_asked_for_it_and_what_refuses_it_is_said(peer: Peer) -> None:
    own = Settings(mail_url=peer.url, mail_from="noreply@example.se")
    assert (await reach_checks.a_test_mail(own, "kim@example.se", NOW)).level == "ok"
    assert ([str(m["To"]) for m in peer.taken], peer.recipients) == (["kim@example.se"], ["kim@example.se"])
    peer.behaviour = "refuse"
    found = await reach_checks.a_test_mail(own, "kim@example.se", NOW)
    assert (found.level, bool(found.mend)) == ("fault", True)
    assert (await reach_checks.a_test_mail(Settings(), "kim@example.se", NOW)).level == "fault"
