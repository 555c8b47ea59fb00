"""Many forms from one address within minutes: seen in the memory of this process, and forgotten with it."""

import os
from collections import OrderedDict, deque
from datetime import datetime, timedelta
from hashlib import blake2b

# More than ever send within minutes; beyond that the oldest are forgotten, so that nobody can fill the memory.
ADDRESSES = 10_000
# How many of one address may be under way at once, to be counted or taken back.
_UNDER_WAY = 16


class Bursts:
    """How often each address has sent something lately. Nothing of it is written anywhere, and not even the memory holds
    an address: only a digest under a key that this process made for itself.

    The guarantee is per process: with two, an address may send twice as much before it is seen.
    """

    def __init__(self, most: int, window: timedelta, addresses: int = ADDRESSES) -> None:
        self._most, self._window, self._addresses = most, window, addresses
        self._kept = 2 * most + _UNDER_WAY
        self._key = os.urandom(32)
        self._seen: OrderedDict[bytes, deque[datetime]] = OrderedDict()

    def count(self, address: str | None, now: datetime) -> bool:
        """Count one more; whether it is one too many: `most` others came within the window. An address that is not known
        is never too many, and with `most` at 0 nothing is."""
        if address is None or not self._most:
            return False
        self._forget(now)
        times = self._seen.setdefault(self._digest(address), deque())
        self._seen.move_to_end(self._digest(address))
        surplus = self._full(times, now)
        # None is dropped for a newer one: taken back again, that would leave room that nobody has waited for.
        if len(times) < self._kept:
            times.append(now)
        while len(self._seen) > self._addresses:
            self._seen.popitem(last=False)
        return surplus

    def full(self, address: str | None, now: datetime) -> bool:
        """Whether one more would be one too many; nothing is counted."""
        times = self._seen.get(self._digest(address)) if address and self._most else None
        return times is not None and self._full(times, now)

    def uncount(self, address: str | None, now: datetime) -> None:
        """What was counted was nothing: a form that was refused, or the same one once more."""
        times = self._seen.get(self._digest(address)) if address else None
        if times and now in times:
            times.remove(now)

    def _full(self, times: deque[datetime], now: datetime) -> bool:
        """Whether `most` of them are within the window. Those that are not are forgotten."""
        while times and abs(now - times[0]) >= self._window:
            times.popleft()
        return len(times) >= self._most

    def __len__(self) -> int:
        return len(self._seen)

    def _digest(self, address: str) -> bytes:
        return blake2b(address.encode(), key=self._key, digest_size=16).digest()

    def _forget(self, now: datetime) -> None:
        """Addresses from which nothing has come within the window; the one that was quiet longest stands first."""
        while self._seen:
            times = next(iter(self._seen.values()))
            if times and abs(now - times[-1]) < self._window:
                return
            self._seen.popitem(last=False)
