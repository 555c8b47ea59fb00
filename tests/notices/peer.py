"""A real SMTP peer that behaves as it is told."""

import asyncio
import ssl
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Peer:
    """`behaviour`: accept, defer, refuse, defer_data, refuse_data, refuse_sender, hang, hang_after (having taken the
    message), drop (before its answer), drop_before (the message), drop_after. `refusal`: how it refuses. `took` is set when
    a message has been taken; `signed_in` is who did, with what."""

    behaviour: str = "accept"
    refusal: str = "550 5.1.1 no such mailbox"
    taken: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    url: str = ""
    took: asyncio.Event = field(default_factory=asyncio.Event)
    signed_in: list[tuple[bytes, bytes]] = field(default_factory=list)
    _server: Any = None

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        """Listen on a free port; `url` is then the mail URL. With `tls` nothing is taken before STARTTLS and a sign-in."""
        loop = asyncio.get_running_loop()
        more: dict[str, Any] = {}
        if tls:
            more = {"tls_context": tls, "require_starttls": True, "auth_required": True, "authenticator": self._sign_in}
        self._server = await loop.create_server(lambda: SMTP(self, hostname="peer", loop=loop, **more), "127.0.0.1", 0)
        self.url = f"smtp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def _sign_in(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        self.signed_in.append((data.login, data.password))
        return AuthResult(success=data.password == b"p@ss/word", handled=False)

    async def stop(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802
        if self.behaviour == "refuse_sender":
            return "550 5.7.1 we do not know you"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802
        if self.behaviour == "defer":
            return f"451 4.7.1 try again later, {address}"
        if self.behaviour == "refuse":
            return f"{self.refusal} {address}"
        if self.behaviour == "drop_before":
            cast(Any, server).transport.close()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.behaviour == "defer_data":
            return "452 4.3.1 no room"
        if self.behaviour == "refuse_data":
            return "550 5.1.1 we do not like what you write"
        if self.behaviour == "hang":
            await asyncio.sleep(30)
        if self.behaviour != "drop":
            message = message_from_bytes(cast(bytes, envelope.content), policy=default)
            assert isinstance(message, EmailMessage)
            self.taken.append(message)
            self.recipients.extend(envelope.rcpt_tos)
            self.took.set()
        if self.behaviour == "hang_after":
            await asyncio.sleep(30)
        if self.behaviour in {"drop", "drop_after"}:
            cast(Any, server).transport.close()
        return "250 OK"
