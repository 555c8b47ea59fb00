"""`/metrics` for Prometheus: what this process has served, and what waits in the database. For the inside only."""

import asyncio
from datetime import datetime
from ipaddress import ip_address
from typing import Any

import asyncpg
from litestar import Request, Response, get
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from programmes.core.db import pool_facts
from programmes.core.errors import NotFound
from programmes.core.sealing import KeyFolder
from programmes.oversight.status import metrics_queries
from programmes.web.measuring import Measures

AnyRequest = Request[Any, Any, Any]
_PATIENCE_SECONDS = 3.0
_TOLD = {
    "jobs": "Work that waits to be done, in whole tens.",
    "jobs_late": "Whether any work has waited for ten minutes or more.",
    "offers_late": "Whether an offer ran out ten minutes ago or more and has not been passed on.",
    "keys_late": "Whether a key still waits that was to be destroyed a minute ago or more.",
    "messages_late": "Whether a message has waited for ten minutes or more and is not held.",
    "messages_held": "Whether messages wait for a time at which they may be sent.",
    "messages_failed": "Messages of the last day that did not go, also where a newer one or staff told it, in whole tens.",
    "lists_due": "Whether a working list should have been erased.",
    "records_due": "Records of documented people whose time is over.",
}
_PASSED_ON = frozenset({"forwarded", "via", "x-real-ip"})


def _coarse(name: str, value: int) -> int:
    """What may be a person's doing is told as yes or no, or in whole tens: no step of what is kept with its time is one
    person's (decision 71). Documented people may be counted."""
    if name == "records_due":
        return value
    return value // 10 * 10 if name in {"jobs", "messages_failed"} else int(value > 0)


def _may_ask(request: AnyRequest) -> bool:
    """Whether it comes from where measuring is done. What a proxy passes on comes from outside, whoever the proxy is."""
    if request.client is None or any(name in _PASSED_ON or name.startswith("x-forwarded-") for name in request.headers):
        return False
    try:
        address = ip_address(request.client.host)
    except ValueError:
        return False
    return any(address in network for network in request.app.state.settings.metrics_from)


@get("/metrics")
async def metrics(request: AnyRequest) -> Response[bytes]:
    """Raises NotFound for who may not ask, as where there is nothing."""
    if not _may_ask(request):
        raise NotFound
    state = request.app.state
    measures: Measures = state.measures
    keys: KeyFolder = state.key_folder
    found = CollectorRegistry()
    _gauge(found, "keys_usable", "Whether the key folder can be used.", int(keys.usable()))
    told = "How many of the service's own keys are away or damaged of those that are never made anew (decision 108)."
    _gauge(found, "service_keys_missing", told, len(keys.lasting_keys_away()))
    told = "Whether all stands still until a backup has been put back, and what had been erased is erased again."
    _gauge(found, "waits_for_restore", told, int(keys.waits_for_restore()))
    for name, (told, value) in pool_facts().items():
        _gauge(found, name, told, value)
    waits = await _waiting(state.clock.now())
    _gauge(
        found,
        "database_answers",
        "Whether the database answers. If not, what stands in it is not told.",
        int(waits is not None),
    )
    if waits is not None:
        for name, value in waits.counts.items():
            _gauge(found, name, _TOLD[name], _coarse(name, value))
        _moments(found, waits)
    text = generate_latest(measures.registry) + generate_latest(found)
    return Response(text, headers={"content-type": CONTENT_TYPE_LATEST, "cache-control": "no-store"})


async def _waiting(now: datetime) -> metrics_queries.Waiting | None:
    """None when the database does not answer within a few seconds: then what this process knows by itself is told alone."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await metrics_queries.waiting(now)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return None


def _moments(found: CollectorRegistry, waits: metrics_queries.Waiting) -> None:
    """Zero, the beginning of time, for what never was: what is absent raises no alarm."""
    for name, told, at in (
        ("worker_last_seen", "When the worker was last at work", waits.worker_at),
        ("backup_last_success", "When a backup last succeeded", waits.backup_at),
        ("restore_drill_last_success", "When a rehearsal of a restore last succeeded", waits.drill_at),
    ):
        _gauge(found, f"{name}_timestamp_seconds", f"{told}; 0: never.", at.timestamp() if at else 0)


def _gauge(registry: CollectorRegistry, name: str, told: str, value: float) -> None:
    Gauge(f"programmes_{name}", told, registry=registry).set(value)


HANDLERS = [metrics]
