"""What uvicorn does before the application hears of anything: it would wait for ever for connections that say next to
nothing, to keep others out (slow loris), and it answers by itself what is no HTTP.
"""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from programmes.web.headers import always

HEAD_SECONDS = 20.0


class PatientProtocol(H11Protocol):
    """uvicorn's own, which hangs up on whoever has not said within 20 seconds what they ask for. What it cannot read it
    refuses with the headers of every other answer.

    How long a request's body may take is in `limits`: who is asked for it waits no longer than for anything else.
    """

    https = False
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._rest()
        elif self._patience is None:
            # The next request of a connection that is kept has begun, and is not said to the end yet.
            self._wait()

    def send_400_response(self, msg: str) -> None:
        told = {"content-type": "text/plain; charset=utf-8", "connection": "close", **always(self.https)}
        answer = h11.Response(status_code=400, headers=list(told.items()), reason=b"Bad Request")
        for event in (answer, h11.Data(data=msg.encode("ascii", "replace")), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._patience = self.loop.call_later(HEAD_SECONDS, self._hang_up)

    def _rest(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _hang_up(self) -> None:
        self._patience = None
        if self.conn.their_state is h11.IDLE:
            self.transport.close()


class PatientHttpsProtocol(PatientProtocol):
    """The same behind a proxy that ends TLS, for an installation whose address is https."""

    https = True
