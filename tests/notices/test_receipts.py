"""What a gateway answers is read to a length, and counts as sent only where it says so."""

import asyncio
import gzip
from collections.abc import Iterator

import httpx
import pytest

from programmes.notices.post_services import Refused
from programmes.notices.text_post_services import NotAsAgreed, _answer_of, _judge


@pytest.mark.parametrize("said", [b'{"id": ""}', b'{"id": "s1", "status": "queued?"}', b'{"id": "s1", "status": ""}', b""])
def test_what_is_no_receipt_is_not_as_agreed(said: bytes) -> None:
    with pytest.raises(NotAsAgreed):
        _judge(200, said)


def test_failed_is_failed_however_it_is_written() -> None:
    for word in (b"failed", b"FAILED"):
        with pytest.raises(Refused):
            _judge(200, b'{"id": "s1", "status": "%s"}' % word)
    for word in (b"created", b"sent", b"Delivered"):
        _judge(200, b'{"id": "s1", "status": "%s"}' % word)
    _judge(200, b'{"id": "s1"}')


@pytest.mark.parametrize("packed", [True, False])
def test_an_answer_is_read_to_a_length(packed: bool) -> None:
    sent: list[int] = []

    class Long(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def]
            for part in _long(packed):
                sent.append(len(part))
                yield part

    async def ask() -> tuple[int, bytes]:
        more = {"content-encoding": "gzip"} if packed else {}
        transport = httpx.MockTransport(lambda _: httpx.Response(200, headers=more, stream=Long()))
        async with httpx.AsyncClient(transport=transport) as client:
            return await _answer_of(client, "http://gateway.invalid/")

    assert asyncio.run(ask()) == (200, b"")
    assert sum(sent) <= 70_000


def _long(packed: bool) -> Iterator[bytes]:
    whole = b'{"id": "s1"}' + b" " * 1_000_000
    whole = gzip.compress(whole) if packed else whole
    for at in range(0, len(whole), 4096):
        yield whole[at : at + 4096]
