"""Handing a message to a mail server, or to a folder in demo and tests. Errors leave here by name only, never with the
server's words, which may repeat an address."""

import asyncio
import contextlib
import os
import secrets
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib

from programmes.notices import post_rules
from programmes.settings import SettingsError


class Deferred(Exception):
    """Not taken this time; worth another try. `away`: the server itself did not answer as it should, for anybody. `maybe`:
    it may have been taken all the same, as nothing came back that says that it was not."""

    def __init__(self, name: str, away: bool = False, maybe: bool = False) -> None:
        super().__init__(name)
        self.name = name
        self.away = away
        self.maybe = maybe


class Refused(Exception):
    """Refused for good: this message is not taken. `of_address`: since nothing can be received at that address or number,
    which holds for the next message too."""

    def __init__(self, name: str, of_address: bool = False) -> None:
        super().__init__(name)
        self.name = name
        self.of_address = of_address


class Post(Protocol):
    """Takes messages. Returning means that the message is the other side's responsibility now."""

    async def send(self, message: EmailMessage) -> None: ...


def post_from(mail_url: str, timeout: float = 20) -> Post:
    """The post that a setting names: `smtp://[user:password@]host[:port][?starttls]`, `smtps://…` or `folder:///path`.

    Raises:
        SettingsError: it names none of these.
    """
    parts = urlsplit(mail_url)
    try:
        port = parts.port
    except ValueError as error:
        raise SettingsError("PROGRAMMES_MAIL_URL has a port that cannot be") from error
    if not mail_url:
        return NoPost()
    if parts.scheme == "folder" and parts.path:
        return FolderPost(Path(unquote(parts.path)))
    if parts.scheme in {"smtp", "smtps"} and parts.hostname and parts.query in {"", "starttls"}:
        return SmtpPost(
            parts.hostname,
            port or {"smtps": 465, "smtp": 587 if parts.query else 25}[parts.scheme],
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
            parts.query == "starttls",
            parts.scheme == "smtps",
            timeout,
        )
    raise SettingsError("PROGRAMMES_MAIL_URL must be smtp://…, smtps://… or folder:///…")


class NoPost:
    """No mail server is set: everything waits, and is given up in the end, as with one that is away."""

    async def send(self, message: EmailMessage) -> None:
        raise Deferred("NoMailServerSet", away=True)


@dataclass(frozen=True)
class FolderPost:
    """Writes each message to a file named after its Message-ID; the same message again replaces it."""

    folder: Path

    async def send(self, message: EmailMessage) -> None:
        await asyncio.to_thread(self._write, message)

    def _write(self, message: EmailMessage) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = str(message["Message-ID"]).strip("<>").split("@")[0]
        draft = self.folder / f".{name}.{secrets.token_hex(4)}"
        draft.write_bytes(bytes(message))
        os.replace(draft, self.folder / f"{name}.eml")


@dataclass(frozen=True)
class SmtpPost:
    """One connection per message: few are sent, and a broken one then spoils no other. `timeout` in seconds, for each
    answer; three times that for the whole."""

    host: str
    port: int
    user: str | None
    password: str | None
    starttls: bool
    tls: bool
    timeout: float

    def _client(self) -> "_Client":
        return _Client(
            hostname=self.host,
            port=self.port,
            username=self.user,
            password=self.password,
            start_tls=self.starttls,
            use_tls=self.tls,
            timeout=self.timeout,
        )

    async def try_out(self, sender: str) -> None:
        """As far as a message comes before it has a recipient: reached, encrypted, signed in, the sender taken. Nothing is
        sent. Raises Deferred."""
        client = self._client()
        try:
            async with asyncio.timeout(3 * self.timeout):
                await client.connect()
                await client.mail(sender)
                await client.rset()
                await client.quit()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise Deferred(_cause(error), away=True) from None
        finally:
            client.close()

    async def send(self, message: EmailMessage) -> None:
        """Raises Deferred or Refused."""
        client = self._client()
        try:
            async with asyncio.timeout(3 * self.timeout):
                await _handed_over(client, message)
        except TimeoutError:
            raise Deferred("Timeout", away=True, maybe=client.giving) from None
        finally:
            client.close()


def _cause(error: BaseException) -> str:
    """The class of the error; of a certificate that is not believed that of what lies below."""
    below = error.__cause__
    return type(below if isinstance(below, ssl.SSLError) else error).__name__


class _Client(aiosmtplib.SMTP):
    """`giving`: the message itself is being handed over, or was. Before that nobody can have received it."""

    giving = False

    async def data(self, *args: Any, **more: Any) -> aiosmtplib.SMTPResponse:
        self.giving = True
        return await super().data(*args, **more)


async def _handed_over(client: _Client, message: EmailMessage) -> None:
    try:
        await client.connect()
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        # Also a refused password: that is ours to put right, and nobody's address is to blame.
        raise Deferred(type(error).__name__, away=True) from None
    try:
        await client.send_message(message, sender=parseaddr(str(message["From"]))[1], recipients=[_recipient(message)])
    except aiosmtplib.SMTPRecipientsRefused as error:
        [answer] = error.recipients
        of_address = post_rules.is_of_address(answer.code, answer.message)
        raise _verdict("SMTPRecipientRefused", answer.code, of_address) from None
    except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPHeloError) as error:
        raise Deferred(type(error).__name__, away=True) from None
    except aiosmtplib.SMTPResponseException as error:
        raise _verdict(type(error).__name__, error.code) from None
    except (aiosmtplib.SMTPNotSupported, ValueError) as error:
        raise Refused(type(error).__name__) from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise Deferred(type(error).__name__, away=True, maybe=client.giving) from None
    # The message is theirs now; whatever happens while saying goodbye does not matter.
    with contextlib.suppress(aiosmtplib.SMTPException, OSError):
        await asyncio.wait_for(client.quit(), 2)


def _verdict(name: str, code: int, of_address: bool = False) -> Deferred | Refused:
    return Refused(f"{name}{code}", of_address) if 500 <= code < 600 else Deferred(f"{name}{code}")


def _recipient(message: EmailMessage) -> str:
    """The address, its domain as the mail system spells it (`åäö.se` becomes `xn--…`)."""
    local_part, _, domain = parseaddr(str(message["To"]))[1].rpartition("@")
    try:
        return f"{local_part}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise ValueError from None
