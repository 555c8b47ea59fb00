"""The files that keys lie in: whole, on disk before anything relies on them, and readable by their owner only, or by the
group that the administrator has given their folder to (decision 55).

Beside `<id>.key` there may lie, while it is rotated, `<id>.next`, which seals from now on, and for a minute afterwards
`<id>.last`, which opens what somebody read just before (decision 20).
"""

import contextlib
import fcntl
import fnmatch
import hashlib
import json
import re
import secrets
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from programmes.core.key_paths import KeysAway, NoFile, Spot, reason

KEY_BYTES = 32
_NEXT, _LAST = ".next", ".last"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class KeyDamaged(KeysAway):
    """One key file is no whole key: cut short by a full disk or a bad copy, or no file at all. What the others opened they
    open still."""


def read_key(at: Spot) -> bytes:
    """A key of 32 bytes.

    Raises:
        FileNotFoundError: there is none.
        KeysAway: the file can't be read.
        KeyDamaged: it is no whole key, or no file.
    """
    try:
        found = at.read()
    except FileNotFoundError:
        raise
    except NoFile as error:
        raise KeyDamaged(str(error)) from error
    except OSError as error:
        raise KeysAway(f"a key file cannot be read: {reason(error)}") from error
    if len(found) != KEY_BYTES:
        raise KeyDamaged("a key file is damaged: it has another length than a key")
    return found


def set_damaged_aside(at: Spot, name: str) -> bool:
    """Give a key file that is damaged another name beside it, so that a whole one may lie there; whether it was one. What
    lies there and is whole stays: another process may have come first.

    Raises:
        KeysAway: the folder refuses.
    """
    if not is_damaged(at):
        return False
    with away_when_refused(), at.parent.alone():
        if is_damaged(at):
            at.rename(at.parent / name)
            at.parent.sync()
            return True
    return False


def is_damaged(at: Spot) -> bool:
    """Whether what lies here is no whole key, as `read_key` finds; nothing of it is read."""
    try:
        return at.told().st_size != KEY_BYTES
    except FileNotFoundError:
        return False
    except NoFile:
        return True


class Receipts:
    """The record of destroyed keys, beside the keys and outside the database: one JSON object a line, only ever added to.

    Whatever reads it raises KeysAway, naming the file, when it can't be read, or a line of it is whole and no receipt.
    """

    def __init__(self, folder: Path) -> None:
        self._file = Spot(folder) / "receipts.jsonl"
        # What has been read of it: which file, up to which byte, and the keys that it tells of.
        self._known: tuple[int, int, frozenset[str]] = (0, 0, frozenset())

    def tells_of(self, key: uuid.UUID) -> bool:
        """Whether there is a receipt of this key. Only what has been added since the last question is read."""
        try:
            return str(key) in self._keys()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._unreadable(error) from error

    def _keys(self) -> frozenset[str]:
        found = self._file.told()
        inode, read, known = self._known
        if inode != found.st_ino or found.st_size < read:
            read, known = 0, frozenset()
        if found.st_size > read:
            added, _told = self._file.read_from(read)
            # A line that is being written is read when it is whole.
            added = added[: added.rfind(b"\n") + 1]
            known |= {receipt["key"] for receipt in self.parsed(added, str(self._file.path))}
            read += len(added)
        self._known = (found.st_ino, read, known)
        return known

    def state(self) -> str:
        """What changes when a receipt is added, or the file becomes another one; nothing is read."""
        try:
            found = self._file.told()
        except FileNotFoundError:
            return ""
        return f"{found.st_ino}/{found.st_size}/{found.st_mtime_ns}"

    def digest(self) -> bytes:
        """A digest of all whole lines. It says nothing of how many there are."""
        digest = hashlib.sha256()
        for line in self._whole_lines():
            digest.update(line)
        return digest.digest()

    def begins_as(self, noted: bytes) -> bool:
        """Whether this is the file whose digest was noted once, grown or not: an older copy, or an emptied one, is not."""
        digest = hashlib.sha256()
        if digest.digest() == noted:
            return True
        for line in self._whole_lines():
            digest.update(line)
            if digest.digest() == noted:
                return True
        return False

    def _whole_lines(self) -> Iterator[bytes]:
        yield from (line for line in self._content().splitlines(keepends=True) if line.endswith(b"\n"))

    def append(self, receipt: dict[str, str]) -> None:
        """Add a receipt, unless there is one of its key, and have it on disk, whole, before returning.

        Raises:
            OSError: the disk is full. What it took of the line is none, and the next one starts a line of its own.
        """
        with self._file.appending() as handle:
            # Web and worker may both carry out the same intent.
            fcntl.flock(handle, fcntl.LOCK_EX)
            with open(handle, "rb", closefd=False) as file:
                written = file.read()
            if not self._tell_of(written, receipt["key"]):
                # A crash may have torn the last line: what is added now starts one of its own.
                start = "" if not written or written.endswith(b"\n") else "\n"
                # A disk that gets full takes the beginning and says so by a number, which a file's own `write` heeds.
                with open(handle, "ab", closefd=False) as out:
                    out.write(f"{start}{json.dumps(receipt, sort_keys=True)}\n".encode())

    def begin(self) -> None:
        """Where there is no file of them, one with none lies there from now on."""
        with away_when_refused(), self._file.appending():
            pass

    def read(self) -> Iterator[dict[str, str]]:
        """Every receipt, oldest first. A line that a crash has torn is none: its key is still to be destroyed."""
        yield from self.parsed(self._content(), str(self._file.path))

    @staticmethod
    def parsed(written: bytes, source: str = "a copy of receipts.jsonl") -> Iterator[dict[str, str]]:
        """The receipts in a copy of such a file, oldest first."""
        for line in written.splitlines():
            try:
                if receipt := parsed_receipt(line):
                    yield receipt
            except ValueError as error:
                raise KeysAway(f"{source} is damaged: {error}") from error

    def _content(self) -> bytes:
        try:
            return self._file.read()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> KeysAway:
        return KeysAway(f"{self._file.path} cannot be read: {reason(error)}")

    def _tell_of(self, written: bytes, key: str) -> bool:
        """Whether there is a whole receipt of this key. Only lines that name it are parsed."""
        of_it = b"\n".join(line for line in written.splitlines() if key.encode() in line)
        return any(self.parsed(of_it, str(self._file.path)))


def parsed_receipt(line: bytes) -> dict[str, str] | None:
    """The receipt in a line; None for a torn one, which is no JSON.

    Raises:
        ValueError: it is whole, and no receipt. No crash does that, and what it told of nobody can know.
    """
    try:
        found: dict[str, str] = json.loads(line)
    except ValueError:
        return None
    whole = isinstance(found, dict) and all(isinstance(told, str) for told in found.values())
    if not whole or "kind" not in found or not _names_a_key(found["kind"], found.get("key", "")):
        raise ValueError("a line of it is no receipt")
    return found


_BEGINNING = b'{"key": "'


def is_torn(line: bytes) -> bool:
    """Whether a crash may have left this line, which is no receipt: the beginning of one, or what never reached the disk.
    Whatever else it is somebody, or a disk, has damaged."""
    begun = line.startswith(_BEGINNING) or _BEGINNING.startswith(line)
    return not line.strip(b"\0") or (begun and not line.endswith(b"}"))


def _names_a_key(kind: str, key: str) -> bool:
    """A key of texts may be a section's, and is called so (`text/2.1`); all others have an id."""
    return _ID.fullmatch(key) is not None or (kind == "text" and key.startswith("text/"))


def next_of(path: Spot) -> Spot:
    """Where the key lies that takes the place of another."""
    return path.with_suffix(_NEXT)


def last_of(path: Spot) -> Spot:
    """Where the key lies whose place was taken just now."""
    return path.with_suffix(_LAST)


def sealing_key(path: Spot) -> bytes:
    """The key that seals from now on: the coming one while there is one, else the one that is. Raises FileNotFoundError."""
    try:
        return read_key(next_of(path))
    except FileNotFoundError:
        return read_key(path)


def opening_keys(path: Spot) -> Iterator[bytes]:
    """The keys that may have sealed something: that which is, the coming one, the one before, and once more that which is,
    since one may have become the other in between. Raises FileNotFoundError where there is none at all."""
    found = False
    for candidate in (path, next_of(path), last_of(path), path):
        with contextlib.suppress(FileNotFoundError):
            key = read_key(candidate)
            found = True
            yield key
    if not found:
        raise FileNotFoundError(path.name)


class Successor:
    """The key that takes the place of one key file. Every step may be done again after a crash."""

    def __init__(self, path: Spot) -> None:
        self._path = path

    def begin(self) -> None:
        """Have it on disk: from now on it seals. Raises KeyDamaged where one was begun and is none any more."""
        with away_when_refused(), contextlib.suppress(FileExistsError):
            next_of(self._path).write(secrets.token_bytes(KEY_BYTES))
        # It is to become the key itself.
        self.key()

    def key(self) -> bytes:
        """It, once it has begun. Raises FileNotFoundError before."""
        return read_key(next_of(self._path))

    def take_over(self) -> None:
        """Everything is sealed with it: it becomes the key. The one before opens until `Replaced.drop`."""
        with away_when_refused():
            last_of(self._path).unlink()
            self._path.link(last_of(self._path))
            next_of(self._path).rename(self._path)
            self._path.parent.sync()

    def drop(self) -> None:
        """What it was for is gone."""
        next_of(self._path).unlink()


def drop_replaced(folder: Path, receipts: Receipts, before: datetime | None, now: datetime) -> int:
    """Destroy the keys whose place was taken before a moment, or all such keys; returns how many went.

    The receipt names no record: only what a digest of the key is.
    """
    gone = 0
    for path in _older(folder, f"*{_LAST}", before):
        with contextlib.suppress(FileNotFoundError):
            mark = uuid.UUID(bytes=hashlib.sha256(path.read()).digest()[:16])
            receipts.append({"key": str(mark), "kind": "rotated", "why": "rotated", "when": now.isoformat()})
            path.unlink()
            path.parent.sync()
            gone += 1
    return gone


def drafts_of(path: Spot) -> list[Spot]:
    """What a crash has left of the writing of a key, or of the one that was to take its place: it may be the key itself."""
    beginnings = tuple(f".{at.name}." for at in (path, next_of(path)))
    return [path.parent / name for name in path.parent.names() if name.startswith(beginnings)]


def ids_in(folder: Path) -> set[uuid.UUID]:
    """Whose files lie anywhere below a folder: keys, what lies beside them while they are rotated or written, and aside.

    Raises:
        OSError: a part of it cannot be read, so that nobody knows what lies there.
    """
    return {uuid.UUID(found[0]) for at, _told in Spot(folder).files(_raise) if (found := _ID.search(at.name))}


def _raise(error: OSError) -> None:
    raise error


def drop_drafts(folder: Path, before: datetime) -> int:
    """Remove what crashes before a moment have left of the writing of keys; returns how many files."""
    return sum(path.unlink() for path in _older(folder, ".*", before))


def _older(folder: Path, pattern: str, before: datetime | None) -> list[Spot]:
    """Files that came to lie where they lie before a moment."""
    return sorted(
        at
        for at, told in Spot(folder).files()
        if fnmatch.fnmatch(at.name, pattern) and (before is None or told.st_ctime < before.timestamp())
    )


@contextlib.contextmanager
def away_when_refused() -> Iterator[None]:
    """What the disk refuses (full, read-only, closed to us) can be done when that is mended."""
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        raise KeysAway(f"the key folder cannot be written: {reason(error)}") from error
