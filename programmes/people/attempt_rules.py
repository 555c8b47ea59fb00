"""Guessing: how long the next try has to wait, and which tries are counted together (decision 14)."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

_FREE_TRIES = 5
# Of a password, and of a code by somebody who knows the password: six digits are fewer than any password has.
PASSWORD_WAIT = timedelta(minutes=4)
CODE_WAIT = timedelta(minutes=15)
# A day without a try, and nothing is held against anybody.
FORGOTTEN = timedelta(days=1)
LANES = 16
DEVICE_LASTS = timedelta(days=180)


def wait_after(failures: int, longest: timedelta = PASSWORD_WAIT) -> timedelta:
    """How long the next try of the same counter must wait: nothing for five tries, then doubling up to the longest."""
    if failures < _FREE_TRIES:
        return timedelta(0)
    return min(longest, timedelta(seconds=2 ** min(failures - _FREE_TRIES + 1, 20)))


def counter(key: bytes, *about: str) -> bytes:
    """The counter of tries about the same things. Under the key it tells nothing of a name or of where from."""
    return hmac.new(key, "\n".join(about).encode(), hashlib.sha256).digest()


def lane(key: bytes, address: str | None) -> int:
    """One of sixteen counters of a name, by the network that a try comes from: four bits, and no way back to an address."""
    return counter(key, "lane", address or "")[0] % LANES


def _mark(key: bytes, nonce: str, until: str, staff_id: int, password_hash: str) -> str:
    return counter(key, "device", nonce, until, str(staff_id), password_hash).hex()


def device_cookie(key: bytes, nonce: str, staff_id: int, password_hash: str, now: datetime) -> str:
    """What a browser gets that somebody has signed in with: it may try again on a counter of its own.

    It opens nothing and says nothing of whose it is. Another password ends it.
    """
    until = str(int((now + DEVICE_LASTS).timestamp()))
    return f"{nonce}.{until}.{_mark(key, nonce, until, staff_id, password_hash)}"


def known_device(key: bytes, cookie: str, staff_id: int, password_hash: str, now: datetime) -> str:
    """The nonce of a device cookie that this person's browser was given, or an empty text."""
    nonce, _, rest = cookie.partition(".")
    until, _, mark = rest.partition(".")
    if not hmac.compare_digest(mark.encode(), _mark(key, nonce, until, staff_id, password_hash).encode()):
        return ""
    return nonce if now < datetime.fromtimestamp(int(until), UTC) else ""
