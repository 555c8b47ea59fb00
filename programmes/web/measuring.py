"""How many requests there are and how long they take, for whoever watches over the service (`/metrics`).

By route and kind of answer, never by address. Of votes nothing is counted, nor of calendars: who polls between two votes
would know of each (promise 3). Nothing here is stored; it begins anew with the process.
"""

import time

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Counter, Histogram

# From a page that is there at once to one that a person gives up on; in seconds.
_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0)
# Votes and slips, which say nothing of themselves; and what is asked for by machines all day.
_UNCOUNTED = ("/u", "/k/", "/static/", "/health/", "/metrics")


class Measures:
    """What one process has counted since it began."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "programmes_requests", "Requests by route and kind of answer.", ["method", "route", "answer"],
            registry=self.registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "programmes_request_seconds", "How long requests took.", ["route"], buckets=_BUCKETS, registry=self.registry
        )

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request of a route's pattern. `status` 0: it was broken off before there was an answer."""
        if route.startswith(_UNCOUNTED):
            return
        self._requests.labels(method, route, f"{status // 100}xx" if status else "none").inc()
        self._seconds.labels(route).observe(seconds)


async def measured(app: ASGIApp, measures: Measures, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a request, and note it."""
    if scope["type"] != ScopeType.HTTP:
        await app(scope, receive, send)
        return
    began, status = time.perf_counter(), 0

    async def listened(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        await send(message)

    try:
        await app(scope, receive, listened)
    finally:
        route = scope.get("path_template")
        # What no route answers is one kind: an address that somebody made up is no name for a counter.
        pattern = route if isinstance(route, str) else "none"
        method = scope["method"] if scope["method"] in {"GET", "HEAD", "POST"} else "other"
        measures.note(method, pattern, status, time.perf_counter() - began)
