"""Whether what somebody saw was a page that says what to do, and what it promised. No I/O."""

import re
from collections.abc import Mapping

from drills.ledger import Outcome

# The service gives a request up after 25 seconds (`programmes/web/limits.py`); five more to say so.
MOST_SECONDS = 30.0
_RAW = ("Traceback", "Internal Server Error", "asyncpg", "Exception", "PostgresError")
# What an error page offers: a way on, and somebody to ring.
_WAY_ON = re.compile(r'<a class="btn[^"]*" href="/|<button class="btn')
_UNSAVED = "Det du skickade är inte sparat"


def problem(status: int, headers: Mapping[str, str], text: str, seconds: float) -> str:
    """Why an answer was none that somebody can go on from; empty when it was, whatever it said."""
    if seconds > MOST_SECONDS:
        return f"{status} after more than {MOST_SECONDS:g} s"
    if raw := next((word for word in _RAW if word in text), None):
        return f"{status} with raw words ({raw})"
    if status < 400 or headers.get("content-type", "").startswith("application/problem+json"):
        return ""
    return (_of_trouble(status, headers, text) if status >= 500 else "") or (
        "" if '<html lang="sv"' in text else f"{status} without a page in Swedish"
    )


def _of_trouble(status: int, headers: Mapping[str, str], text: str) -> str:
    """Why a page that says that something is wrong here is not enough."""
    if status != 503:
        return f"{status} where the service only was away for a while (503)"
    if not headers.get("retry-after", "").isdigit():
        return "503 without Retry-After"
    if not _WAY_ON.search(text):
        return "503 without a button that leads on"
    # Whoever holds a slip rings nobody: it still counts, and goes on counting.
    return "" if "Ring oss" in text or "koden på lappen" in text else "503 that does not say whom to ring"


def outcome(status: int, headers: Mapping[str, str], text: str, done: str) -> Outcome:
    """What an answer to a write says became of it; `done` is where it leads when it is done (a pattern)."""
    if status == 303:
        return "acknowledged" if re.fullmatch(done, headers.get("location", "")) else "refused"
    if status >= 500:
        return "unsaved" if _UNSAVED in text else "unsure"
    return "unsure" if status == 0 else "refused"
