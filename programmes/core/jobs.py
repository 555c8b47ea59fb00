"""Work that commits with the write that asks for it, on pgqueuer. Payloads carry ids only."""

import json
from collections.abc import Mapping

from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

from programmes.core.db import transaction_connection

Payload = Mapping[str, str | int]


async def put(event: str, payload: Payload, dedupe: str | None = None) -> None:
    """Enqueue a named event in the open transaction: it exists exactly if the transaction commits.

    Two events with the same `dedupe` that wait at the same time become one.

    Raises:
        RuntimeError: no transaction is open.
    """
    queue = Queries(AsyncpgDriver(transaction_connection()))
    body = json.dumps(dict(payload), sort_keys=True).encode()
    await queue.enqueue([event], [body], [0], dedupe_key=[dedupe], on_conflict="skip")


def read_payload(body: bytes | None) -> dict[str, str | int]:
    """What `put` was given."""
    found: dict[str, str | int] = json.loads(body or b"{}")
    return found
