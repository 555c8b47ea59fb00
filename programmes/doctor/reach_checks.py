"""What the service reaches and is reached by: its own address with TLS, the mail server, the gateway for texts. Nothing is
sent, and no check waits for longer than a few seconds for anybody."""

import asyncio
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from typing import Literal
from urllib.parse import urlsplit

import httpx

from programmes.doctor.findings import Finding, Level, Patient
from programmes.network_values import public_and_wide
from programmes.notices.post_services import Deferred, FolderPost, NoPost, Post, Refused, SmtpPost, post_from
from programmes.setting_values import is_local
from programmes.settings import Settings

_SECONDS = 5.0
# Certificates that renew themselves do so a month before.
_SOON = timedelta(days=14)
Why = Literal["", "expired", "name", "untrusted", "no tls", "unknown host", "refused", "timeout"]
_CODES: Mapping[int, Why] = {10: "expired", 62: "name", 64: "name"}
_UNREACHED: Mapping[Why, str] = {
    "unknown host": "its name is not known to this machine",
    "refused": "nothing answers there",
    "timeout": "nothing answers there in time",
}
_CERTIFICATE: Mapping[Why, tuple[str, str]] = {
    "expired": ("has expired", "Renew it, and see why it does not renew itself."),
    "name": ("is of another name", "Get one for the very name that stands in the setting."),
    "untrusted": (
        "is by nobody whom this machine trusts, or the one between is missing",
        "Let the server send the whole chain; an authority of your own goes into /usr/local/share/ca-certificates.",
    ),
}


@dataclass(frozen=True)
class Line:
    """What came of an encrypted connection: why none, or when the certificate expires."""

    why: Why = ""
    expires: datetime | None = None


def _why(error: BaseException) -> Why:
    match error:
        case ssl.SSLCertVerificationError():
            return _CODES.get(error.verify_code, "untrusted")
        case ssl.SSLError():
            return "no tls"
        case TimeoutError():
            return "timeout"
        case socket.gaierror():
            return "unknown host"
    return "refused"


async def line_to(url: str) -> Line:
    """An encrypted connection to the host of an address, opened and closed."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        async with asyncio.timeout(_SECONDS):
            context = ssl.create_default_context()
            _, writer = await asyncio.open_connection(host, parts.port or 443, ssl=context, server_hostname=host)
            told = writer.get_extra_info("peercert") or {}
            writer.transport.abort()
    except (OSError, TimeoutError) as error:
        return Line(_why(error))
    return Line("", datetime.fromtimestamp(ssl.cert_time_to_seconds(told["notAfter"]), UTC) if "notAfter" in told else None)


def line_findings(check: str, what: str, line: Line, now: datetime, unreached: Level = "fault") -> Iterator[Finding]:
    """`what` is reached, in words; `unreached` is how grave it is when it is not."""
    if line.why in _UNREACHED:
        mend = "See to the setting, to names and to the firewall."
        if unreached == "warning":
            mend += " Behind some a server does not reach its own address: then look from another machine, with curl -I."
        yield Finding(check, unreached, f"{what} is not reached from here: {_UNREACHED[line.why]}.", mend)
    elif line.why in _CERTIFICATE:
        told, mend = _CERTIFICATE[line.why]
        yield Finding(check, "fault", f"The certificate of {what} {told}.", mend)
    elif line.why:
        yield Finding(check, "fault", f"{what} speaks no TLS there.", "See to the port, and that the proxy ends TLS on it.")
    elif line.expires and line.expires - now < _SOON:
        told = f"The certificate of {what} expires on {line.expires:%Y-%m-%d}."
        yield Finding(check, "warning", told, "Renew it, and see why it does not renew itself.")
    else:
        until = f" until {line.expires:%Y-%m-%d}" if line.expires else ""
        yield Finding(check, "ok", f"{what} is reached, with a certificate that is good{until}.")


@dataclass(frozen=True)
class Answers:
    """Status codes by path at the base address, and whether the first page says that it is https only."""

    ready: int
    first: int
    metrics: int
    hsts: bool


def answer_findings(got: Answers) -> Iterator[Finding]:
    """Whether it is this service that answers there, wholly and through a proxy that does what it must."""
    check = "base address"
    if got.metrics == 200:
        told = "/metrics can be read from outside."
        mend = "Hide it in the proxy (deploy/nginx, deploy/Caddyfile), and narrow PROGRAMMES_METRICS_FROM."
        yield Finding(check, "fault", told, mend)
    if got.first == 421:
        told, mend = "The service does not know the name that it is asked by.", "Let the proxy hand on the header Host."
        yield Finding(check, "fault", told, mend)
    elif got.first in {502, 504} or (got.first == 503 and not got.hsts):
        told, mend = "The proxy reaches no web process.", "Start them, and see to their ports in the proxy's settings."
        yield Finding(check, "fault", f"{told} ({got.first})", mend)
    elif got.ready == 503 or got.first == 503:
        told = "A web process says that it is not ready: it does not reach the database, or its keys."
        yield Finding(check, "fault", told, "programmes doctor --part web, with the settings and the account of web.")
    elif got.first != 200:
        told = f"The first page answers {got.first} there: it is another service's, or something stands between."
        yield Finding(check, "fault", told, "Open it in a browser, and see who answers.")
    elif not got.hsts:
        told = "What answers there does not know that it is behind TLS: cookies are not held to it."
        yield Finding(check, "fault", told, "Give web the same PROGRAMMES_BASE_URL, and restart it.")
    else:
        yield Finding(check, "ok", "The service answers there.")


async def _answers(base: str) -> Answers:
    async with httpx.AsyncClient(
        timeout=_SECONDS, trust_env=False, verify=ssl.create_default_context(), follow_redirects=False
    ) as client:
        ready, first, metrics = [await client.get(f"{base}{path}") for path in ("/health/ready", "/", "/metrics")]
    return Answers(ready.status_code, first.status_code, metrics.status_code, "strict-transport-security" in first.headers)


async def base_address(patient: Patient) -> Sequence[Finding]:
    """The address that people see, its certificate, and who answers there."""
    base, check = patient.settings.base_url, "base address"
    host = urlsplit(base).hostname or ""
    if not patient.settings.https:
        level: Level = "note" if patient.settings.demo or is_local(host) else "fault"
        mend = "" if level == "note" else "Put a proxy with TLS before it, and https:// into PROGRAMMES_BASE_URL."
        return [Finding(check, level, "It is without TLS: nobody else's browser may be sent there.", mend)]
    line = await line_to(base)
    found = [*line_findings(check, host, line, patient.now, "warning")]
    if line.why:
        return found
    try:
        return [*found, *answer_findings(await _answers(base))]
    except httpx.HTTPError as error:
        told = f"{host} takes connections, and does not answer ({type(error).__name__})."
        return [*found, Finding(check, "fault", told, "See whether the proxy and the web processes run.")]


async def trusted_proxies(patient: Patient) -> Sequence[Finding]:
    """Whether web knows its proxy, and takes nobody else for it. Only web has the setting."""
    check, given = "trusted proxies", patient.settings.trusted_proxies
    if patient.part != "web":
        return []
    if wide := public_and_wide(given):
        told = f"PROGRAMMES_TRUSTED_PROXIES names {', '.join(map(str, wide))}, where strangers may be: who has an address"
        told += " there is counted as whoever they like, and no limit on guessing holds for them."
        return [Finding(check, "warning", told, "Write the proxy's own address there, as 192.0.2.10, or a private network.")]
    if given or not patient.settings.https:
        return []
    told = "PROGRAMMES_TRUSTED_PROXIES is empty, though TLS ends elsewhere: everybody has the proxy's address, so that few"
    told += " applications at once are taken for a burst, and strangers share one counter of wrong passwords."
    return [Finding(check, "warning", told, "Name the proxy's address there: 127.0.0.1 if it is on this machine.")]


_MAIL: Mapping[str, tuple[str, str]] = {
    "SMTPAuthenticationError": ("refuses the name or the password", "Correct them; signs as @ : / are written %40 %3A %2F."),
    "SMTPSenderRefused": (
        "does not take the sender",
        "Let PROGRAMMES_MAIL_FROM be an address that this account may send as.",
    ),
    "SMTPConnectError": (
        "is not reached",
        "See to host and port (587 with ?starttls, 465 with smtps), and to the firewall.",
    ),
    "SMTPConnectTimeoutError": ("does not answer in time", "See to host and port, and to the firewall."),
    "TimeoutError": ("does not answer in time", "See to host and port, and to the firewall."),
    "SSLCertVerificationError": (
        "has a certificate that is not believed",
        "Name the server as its certificate does; an authority of your own goes into /usr/local/share/ca-certificates.",
    ),
    "SMTPException": ("cannot encrypt, or cannot sign in so", "Take another port, or smtps:// instead of ?starttls."),
}


def mail_findings(post: Post, sender: str, error: str, demo: bool = False) -> Iterator[Finding]:
    """`error`: what came when it was tried, by its name; empty when all went well."""
    check, domain = "mail", parseaddr(sender)[1].rpartition("@")[2]
    match post:
        case NoPost():
            mend = "" if demo else "Set PROGRAMMES_MAIL_URL for the worker."
            yield Finding(check, "note" if demo else "warning", "No mail server is set: nobody hears of anything.", mend)
            return
        case FolderPost():
            mend = "" if demo else "Set PROGRAMMES_MAIL_URL to a mail server."
            yield Finding(check, "note" if demo else "warning", "Mail is written to files, and reaches nobody.", mend)
            return
        case SmtpPost(starttls=False, tls=False, host=host) if not is_local(host):
            told = "Mail, place codes in it, and a password if there is one, cross the network unencrypted."
            yield Finding(check, "warning", told, "Add ?starttls to PROGRAMMES_MAIL_URL, or write smtps://.")
    if domain.endswith((".invalid", ".example")):
        told = f"The sender's domain is {domain}: most servers drop what comes from it."
        yield Finding(check, "fault", told, "Set PROGRAMMES_MAIL_FROM.")
    if error:
        told, mend = _MAIL.get(error, (f"is no use ({error})", "See to PROGRAMMES_MAIL_URL, and to the server's own log."))
        yield Finding(check, "fault", f"The mail server {told}.", mend)
    else:
        yield Finding(check, "ok", "The mail server is reached, signs in, and takes the sender. Nothing was sent.")


async def mail(patient: Patient) -> Sequence[Finding]:
    """The mail server as far as a message comes before it has a recipient. Web has none."""
    if not patient.worker:
        return []
    settings, error = patient.settings, ""
    post = post_from(settings.mail_url, _SECONDS)
    if isinstance(post, SmtpPost):
        try:
            await post.try_out(parseaddr(settings.mail_from)[1])
        except Deferred as deferred:
            error = deferred.name
    return [*mail_findings(post, settings.mail_from, error, settings.demo)]


async def a_test_mail(settings: Settings, to: str, now: datetime) -> Finding:
    """A mail that says that mail arrives, to somebody who asked for it."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = settings.mail_from, to, "Test: mail from this service arrives"
    message["Date"], message["Message-ID"] = (
        format_datetime(now),
        make_msgid(domain=parseaddr(settings.mail_from)[1].rpartition("@")[2]),
    )
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"programmes doctor --mail-to was run, for {settings.base_url}. Nothing has to be done.\n")
    try:
        await post_from(settings.mail_url, _SECONDS).send(message)
    except (Deferred, Refused) as error:
        told, mend = _MAIL.get(error.name, (f"did not take it ({error.name})", "See to the server's own log."))
        return Finding("test mail", "fault", f"The mail server {told}.", mend)
    return Finding("test mail", "ok", f"It has been handed over for {to}. Look whether it arrives, and not among spam.")


async def text_address(patient: Patient) -> Sequence[Finding]:
    """The gateway for texts: whether it is there. Nothing is sent, and not even the account is said."""
    settings: Settings = patient.settings
    if not patient.worker or not settings.sms_url:
        return []
    if not settings.sms_url.startswith("https://"):
        level: Level = "note" if settings.demo else "warning"
        mend = "" if settings.demo else "Set PROGRAMMES_SMS_URL to the gateway's https address."
        return [Finding("text gateway", level, "Text messages go to this machine itself, and reach nobody.", mend)]
    host = urlsplit(settings.sms_url).hostname or ""
    found = [*line_findings("text gateway", host, await line_to(settings.sms_url), patient.now)]
    if not (settings.sms_user and settings.sms_password):
        mend = "Set PROGRAMMES_SMS_USER and PROGRAMMES_SMS_PASSWORD for the worker."
        found.append(Finding("text gateway", "fault", "There is no account or no password for it.", mend))
    return found
