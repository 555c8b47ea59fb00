"""Handing a text message to a gateway over HTTP, or to a folder in demo and tests; the contract is `docs/sms.md`.

As with mail, errors leave here by name only: what a gateway answers may repeat the number.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Annotated, Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

import httpx
import msgspec

from programmes.core.i18n import language
from programmes.notices.post_services import Deferred, FolderPost, Refused
from programmes.settings import Settings

# Ours to put right (the account, its money, the gateway's address), and what passes: nobody's number is to blame.
_OURS = frozenset({401, 402, 403, 404, 405, 407})
_PASSES = frozenset({408, 425, 429})
# These say by their definition that nothing was done with the request: ask elsewhere (307, 308), what is asked for can't
# be done at all (501, 505), a portal in between lets nobody through (511). The others of 3xx and 5xx don't: 502 and 504
# are said by what stands in between when the gateway has not answered in time, and some say 503 then.
_NOT_DONE = frozenset({307, 308, 501, 505, 511})
# What 46elks says of a message that it has taken.
_TAKEN = frozenset({"created", "sent", "delivered"})
# Of an answer, decoded. A longer one is no receipt.
_MOST_BYTES = 65_536


@dataclass(frozen=True)
class TextMessage:
    """What goes to one number (E.164). `notice_id` is the same however often it is tried."""

    notice_id: UUID
    to: str
    body: str
    sent_at: datetime


class TextPost(Protocol):
    """Takes text messages. Returning means that the message is the other side's responsibility now."""

    async def send(self, message: TextMessage) -> None: ...


def text_post_from(settings: Settings, timeout: float = 20) -> TextPost:
    """The gateway that the settings name; they have been looked at when they were read."""
    parts = urlsplit(settings.sms_url)
    if not settings.sms_url:
        return NoGateway()
    if parts.scheme == "folder":
        return FolderTexts(FolderPost(Path(unquote(parts.path))))
    return Gateway(
        settings.sms_url,
        settings.sms_from,
        (settings.sms_user, settings.sms_password),
        tuple(parse_qsl(settings.sms_fields)),
        timeout,
    )


class NotAsAgreed(Deferred):
    """What came back is no answer of a gateway, for anybody: a page of something in between, or of a gateway that has
    changed. The text may have gone all the same."""

    def __init__(self) -> None:
        super().__init__("TextWithoutReceipt", away=True, maybe=True)


class NoGateway:
    """No gateway is set. Nobody is asked whether they want texts then, so this is one that was taken away: staff tell those
    who had wanted them."""

    async def send(self, message: TextMessage) -> None:
        raise Refused("NoGatewaySet")


@dataclass(frozen=True)
class FolderTexts:
    """Writes each text beside the mails, in their form, to a file named after its id; the same again replaces it."""

    folder: FolderPost

    async def send(self, message: TextMessage) -> None:
        written = EmailMessage(policy=SMTP)
        written["To"] = message.to
        written["Subject"] = "Sms"
        written["Date"] = format_datetime(message.sent_at)
        written["Message-ID"] = f"<{message.notice_id}@sms>"
        written["Content-Language"] = language()
        written.set_content(message.body, cte="quoted-printable")
        await self.folder.send(written)


class _Receipt(msgspec.Struct):
    """What a gateway answers: the id that it knows the message by, and what became of it so far."""

    id: Annotated[str, msgspec.Meta(min_length=1)]
    status: str = "created"


@dataclass(frozen=True)
class Gateway:
    """A gateway in the form of 46elks: a form with from, to and message, basic authentication, an answer in JSON.

    One connection per message, no redirects (the password would go with them). `timeout` in seconds, for each part of the
    exchange; three times that for the whole.
    """

    url: str
    sender: str
    account: tuple[str, str] = field(repr=False)
    more: tuple[tuple[str, str], ...]
    timeout: float

    async def send(self, message: TextMessage) -> None:
        """Raises Deferred or Refused."""
        form = {**dict(self.more), "from": self.sender, "to": message.to, "message": message.body}
        # A gateway that knows the header takes the same message once; one that doesn't may repeat the one in flight.
        headers = {"Idempotency-Key": str(message.notice_id), "Accept": "application/json", "Accept-Encoding": "identity"}
        try:
            async with asyncio.timeout(3 * self.timeout), httpx.AsyncClient(timeout=self.timeout, trust_env=False) as client:
                status, content = await _answer_of(client, self.url, data=form, headers=headers, auth=self.account)
        except TimeoutError:
            raise Deferred("TextTimeout", away=True, maybe=True) from None
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Deferred(_named(error), away=True) from None
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
            raise Deferred(_named(error), away=True) from None  # Nothing was sent.
        except (httpx.HTTPError, OSError) as error:
            raise Deferred(_named(error), away=True, maybe=True) from None
        _judge(status, content)


def _named(error: Exception) -> str:
    """What goes wrong with texts says so by its name: mail fails by the same classes."""
    return f"Text{type(error).__name__}"


async def _answer_of(client: httpx.AsyncClient, url: str, **more: Any) -> tuple[int, bytes]:
    """Status and body; of a body that is too long nothing, which is no receipt. It is asked for as it is: what is packed
    small could be large before anybody has counted."""
    async with client.stream("POST", url, **more) as got:
        if got.headers.get("content-encoding", "identity") != "identity":
            return got.status_code, b""
        body = b""
        async for part in got.aiter_raw():
            body += part
            if len(body) > _MOST_BYTES:
                return got.status_code, b""
    return got.status_code, body


def _judge(status: int, content: bytes) -> None:
    if 400 <= status < 500 and status not in _OURS | _PASSES:
        raise Refused(f"TextRefused{status}", of_address=True)
    if not 200 <= status < 300:
        # Something in between may say so of what the gateway has taken; that it was not let in is said of nothing else.
        not_taken = (_OURS | _PASSES | _NOT_DONE) - {408}
        raise Deferred(f"TextDeferred{status}", away=True, maybe=status not in not_taken)
    try:
        receipt = msgspec.json.decode(content, type=_Receipt)
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise NotAsAgreed from None
    status_said = receipt.status.lower()
    if status_said == "failed":
        raise Refused("TextFailed", of_address=True)
    if status_said not in _TAKEN:
        raise NotAsAgreed
