"""`/metrics` for Prometheus: what this process has served, and what waits in the database. For the inside only."""

from ipaddress import ip_address
from pathlib import Path
from typing import Any

from anyio import to_thread
from litestar import Request, Response, get
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from programmes.core.db import pool_facts
from programmes.core.errors import NotFound
from programmes.core.key_files import ids_in
from programmes.core.sealing import KeyFolder
from programmes.oversight.status import metrics_queries
from programmes.web.measuring import Measures

AnyRequest = Request[Any, Any, Any]
_TOLD = {
    "jobs": "Work that waits to be done.",
    "jobs_late": "Work that has waited for ten minutes or more.",
    "offers": "Offers that are open.",
    "offers_late": "Offers that ran out ten minutes ago or more and have not been passed on.",
    "messages": "Messages to people that are about to be sent.",
    "messages_late": "Messages that have waited for ten minutes or more and are not held.",
    "messages_held": "Messages that wait for a time at which they may be sent.",
    "messages_failed": "Messages of the last day that could not be sent.",
    "lists_due": "Working lists that should have been erased.",
    "records_due": "Records of people whose time is over.",
}


def _may_ask(request: AnyRequest) -> bool:
    """Whether it comes from where measuring is done. What a proxy passes on comes from outside, whoever the proxy is."""
    if request.client is None or request.headers.get("x-forwarded-for") or request.headers.get("forwarded"):
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
    usable = keys.usable()
    _gauge(found, "keys_usable", "Whether the key folder can be used.", int(usable))
    if usable:
        _gauge(found, "keys", "Keys of people and of entries.", await to_thread.run_sync(_keys, keys.folder))
    for name, (told, value) in pool_facts().items():
        _gauge(found, name, told, value)
    waits = await metrics_queries.waiting(state.clock.now())
    for name, value in waits.counts.items():
        _gauge(found, name, _TOLD[name], value)
    if waits.worker_at is not None:
        _gauge(found, "worker_last_seen_timestamp_seconds", "When the worker was last at work.", waits.worker_at.timestamp())
    text = generate_latest(measures.registry) + generate_latest(found)
    return Response(text, headers={"content-type": CONTENT_TYPE_LATEST, "cache-control": "no-store"})


def _gauge(registry: CollectorRegistry, name: str, told: str, value: float) -> None:
    Gauge(f"programmes_{name}", told, registry=registry).set(value)


def _keys(folder: Path) -> int:
    return sum(len(ids_in(folder / kind)) for kind in ("entry", "person") if (folder / kind).is_dir())


HANDLERS = [metrics]
