"""What the chain rests on outside the database: its key, its head, and the head of every day, in a folder of the worker's.

`chain/chain.key` makes the HMACs. `chain/head.json` is the newest head, replaced whole. `chain/days.jsonl` is only ever
added to, a line a day. `chain/faults.jsonl` says what did not fit, and that somebody has resolved it; it too only grows, so
that who owns the database cannot make it unseen. Losing the folder loses the proof: it is backed up, apart from the
database.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

from programmes.core.key_paths import make_private
from programmes.core.sealing import Spot, read_key, sync_folder
from programmes.oversight.log.chain_rules import Break, Head, Looked


class NoAnchor(Exception):
    """The key or the head is not there, though the database has a chain; `what` is `key` or `head`."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Anchor:
    """The folder. Several workers may share it; each change holds its lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "chain"

    def key(self) -> bytes:
        """The key of the chain. Raises NoAnchor when there is none, KeysAway when it can't be read or is damaged."""
        try:
            return read_key(self._at(self._key))
        except FileNotFoundError:
            raise NoAnchor("key") from None

    def begin(self) -> None:
        """Make an empty head and the key, in this order, for a database that has no chain yet. With a key nothing is made:
        a head that is gone then is missing."""
        if self._key.exists():
            return
        for path, content in ((self._head, _written(Head())), (self._key, secrets.token_bytes(32))):
            with suppress(FileExistsError):
                self._at(path).write(content)

    def head(self) -> Head:
        """The newest head. Raises NoAnchor when there is none, or none that can be read."""
        try:
            found = json.loads(self._head.read_bytes())
            return Head(int(found["position"]), bytes.fromhex(found["mac"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            raise NoAnchor("head") from None

    def advance(self, head: Head) -> None:
        """Write down a newer head, on disk before returning. An older one than is written changes nothing."""
        with self._locked():
            try:
                if self.head().position >= head.position:
                    return
            except NoAnchor:
                pass
            draft = self._head.with_suffix(f".{secrets.token_hex(4)}")
            with draft.open("xb") as out:
                out.write(_written(head))
                out.flush()
                os.fsync(out.fileno())
            draft.replace(self._head)
            sync_folder(self._folder)

    def end_day(self, day: date, head: Head) -> Head:
        """Add a day's head, once; returns the one that is kept."""
        with self._locked():
            written = self._days.read_bytes() if self._days.exists() else b""
            if kept := dict(_days(written)).get(day):
                return kept
            line = json.dumps({"day": day.isoformat(), "position": head.position, "mac": head.mac.hex()}, sort_keys=True)
            # A crash may have torn the last line: what is added now starts one of its own.
            start = "" if not written or written.endswith(b"\n") else "\n"
            self._add(self._days, f"{start}{line}\n")
            return head

    def days(self) -> dict[date, Head]:
        """The head of every day that has been written down."""
        return dict(_days(self._days.read_bytes())) if self._days.exists() else {}

    def stand(self, found: Iterable[Break], now: datetime) -> None:
        """Write down what does not fit, each thing once. Without a key nothing is written: the folder is not mounted."""
        if not self._key.exists():
            return
        with self._locked():
            standing, _resolved = self.faults()
            known = {one.what for one in standing}
            new = {one.what: one for one in found if one.what not in known}
            if new:
                lines = [{**_told(one), "at": now.isoformat()} for one in new.values()]
                # A line that a crash has torn ends here, and is none.
                self._add(self._faults, "\n" + "".join(f"{json.dumps(line, sort_keys=True)}\n" for line in lines))

    def resolve(self, found: Iterable[Break], now: datetime) -> None:
        """Nothing that stood until now stands any longer. Somebody has looked at what was found now: that, as it lies there,
        is no fault any more."""
        with self._locked():
            if self.faults()[0]:
                line = {"resolved_at": now.isoformat(), "resolved": [_told(one) for one in found]}
                self._add(self._faults, f"\n{json.dumps(line)}\n")

    def faults(self) -> tuple[tuple[Break, ...], frozenset[Looked]]:
        """What does not fit and nobody has resolved, in the order in which it was found; and what somebody has looked at.
        Resolutions of releases that named places only cover nothing: what they were about is found anew."""
        standing: list[Break] = []
        resolved: set[Looked] = set()
        for line in self._faults.read_bytes().splitlines() if self._faults.exists() else []:
            try:
                found: dict[str, Any] = json.loads(line)
                if "resolved_at" in found:
                    resolved.update([_read(one).what for one in found.get("resolved", [])])
                    standing = []
                else:
                    standing.append(_read(found))
            except (ValueError, KeyError, TypeError):
                continue
        return tuple(standing), frozenset(resolved)

    def _add(self, path: Path, text: str) -> None:
        with path.open("ab") as out:
            out.write(text.encode())
            out.flush()
            os.fsync(out.fileno())
        sync_folder(self._folder)

    def _at(self, path: Path) -> Spot:
        return Spot(self._folder.parent) / self._folder.name / path.name

    @property
    def _faults(self) -> Path:
        return self._folder / "faults.jsonl"

    @property
    def _key(self) -> Path:
        return self._folder / "chain.key"

    @property
    def _head(self) -> Path:
        return self._folder / "head.json"

    @property
    def _days(self) -> Path:
        return self._folder / "days.jsonl"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        make_private(self._folder)
        with (self._folder / "lock").open("a", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _told(found: Break) -> dict[str, str | int]:
    return {"fault": found.fault, "position": found.position, "seen": found.seen}


def _read(told: dict[str, Any]) -> Break:
    return Break(told["fault"], int(told["position"]), str(told.get("seen", "")))


def _written(head: Head) -> bytes:
    return json.dumps({"position": head.position, "mac": head.mac.hex()}, sort_keys=True).encode()


def _days(written: bytes) -> Iterator[tuple[date, Head]]:
    for line in written.splitlines():
        try:
            found: dict[str, Any] = json.loads(line)
            yield date.fromisoformat(found["day"]), Head(int(found["position"]), bytes.fromhex(found["mac"]))
        except (ValueError, KeyError, TypeError):
            continue
