"""Keys outside the database. Data sealed under a key is erased by destroying the key (DESIGN 6).

A key is a file of its own: `<folder>/<kind>/<first two letters>/<id>.key`, readable by its owner only. It is on disk
(fsync of file and folder) before `create` returns, so that no row can commit whose key a crash could lose.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal, cast, get_args

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Kind = Literal["entry", "person"]
KEY_BYTES = 32
_NONCE, _TAG = 12, 16
_BLOCK = 64
# What takes the place of a key, beside it until everything is sealed anew (decision 20).
_NEXT = ".next"


class KeyGone(Exception):
    """The key was destroyed: what it sealed is erased for good."""


class Unreadable(Exception):
    """The sealed bytes are cut short, altered, or belong to another key or row."""


class KeysAway(Exception):
    """Nothing can be said of what is sealed: the folder of the keys is gone, is another one, or a file in it is closed to
    this process or damaged. It passes when that is mended, so nobody may take it for an erasure. Names no key."""


def sync_folder(folder: Path) -> None:
    """Put a folder's entries on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_key(path: Path) -> bytes:
    """A key of 32 bytes.

    Raises:
        FileNotFoundError: there is none.
        KeysAway: the file can't be read, or is no whole key: cut short by a full disk or a bad copy.
    """
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise KeysAway(f"a key file cannot be read: {type(error).__name__}") from error
    if len(found) != KEY_BYTES:
        raise KeysAway("a key file is damaged: it has another length than a key")
    return found


def write_secret(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, and have it on disk, whole, before returning.

    Raises:
        FileExistsError: there is one already; it is left alone.
    """
    for folder in (path.parent.parent, path.parent):
        if not folder.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(folder.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.link(draft, path)
    finally:
        draft.unlink()
    sync_folder(path.parent)


class Receipts:
    """The record of destroyed keys, beside the keys and outside the database: one JSON object a line, only ever added to."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "receipts.jsonl"

    def append(self, receipt: dict[str, str]) -> None:
        """Add a receipt, unless there is one of its key, and have it on disk before returning."""
        handle = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            # Web and worker may both carry out the same intent.
            fcntl.flock(handle, fcntl.LOCK_EX)
            written = self._file.read_bytes()
            if not _tells_of(written, receipt["key"]):
                # A crash may have torn the last line: what is added now starts one of its own.
                start = "" if not written or written.endswith(b"\n") else "\n"
                os.write(handle, f"{start}{json.dumps(receipt, sort_keys=True)}\n".encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        sync_folder(self._file.parent)

    def read(self) -> Iterator[dict[str, str]]:
        """Every receipt, oldest first. A line that a crash has torn is none: its key is still to be destroyed."""
        if self._file.exists():
            for line in self._file.read_bytes().splitlines():
                if receipt := _parsed(line):
                    yield receipt


def _parsed(line: bytes) -> dict[str, str] | None:
    try:
        found: dict[str, str] = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "key" in found else None


def _tells_of(written: bytes, key: str) -> bool:
    """Whether there is a whole receipt of this key. Only lines that name it are parsed."""
    return key.encode() in written and any(key.encode() in line and _parsed(line) for line in written.splitlines())


def _sealed(key: bytes, text: str, about: bytes) -> bytes:
    raw = text.encode()
    padded = len(raw).to_bytes(4, "big") + raw
    padded += b"\0" * (-len(padded) % _BLOCK)
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, padded, about)


def _opened(key: bytes, sealed: bytes, about: bytes) -> str:
    """The text. Raises Unreadable for anything that `_sealed` did not make with this key, about this."""
    if len(sealed) < _NONCE + _TAG + _BLOCK:
        raise Unreadable("cut short")
    try:
        padded = AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], about)
        return padded[4 : 4 + int.from_bytes(padded[:4], "big")].decode()
    except (InvalidTag, ValueError) as error:
        raise Unreadable("not what this key sealed") from error


def _opened_by_one(found: Iterator[bytes], sealed: bytes, about: bytes) -> str:
    """The text, by the first of these keys that opens it. While a key is being rotated there are two."""
    last = Unreadable("no key")
    for key in found:
        try:
            return _opened(key, sealed, about)
        except Unreadable as error:
            last = error
    raise last


def _next(path: Path) -> Path:
    return path.with_suffix(_NEXT)


def _sealing_key(path: Path) -> bytes:
    """The key that seals from now on: the coming one while there is one, else the one that is. Raises FileNotFoundError."""
    try:
        return read_key(_next(path))
    except FileNotFoundError:
        return read_key(path)


def _opening_keys(path: Path) -> Iterator[bytes]:
    """The keys that may have sealed something: that which is, the coming one, and once more that which is, since one may
    have become the other in between. Raises FileNotFoundError where there is none at all."""
    found = False
    for candidate in (path, _next(path), path):
        with contextlib.suppress(FileNotFoundError):
            key = read_key(candidate)
            found = True
            yield key
    if not found:
        raise FileNotFoundError(path.name)


class KeyFolder:
    """The key folder of the web and worker processes (working-list entries and persons; ballots have their own).

    Everything here raises KeysAway when the folder is gone, closed, damaged, or not the one that this process began with.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._receipts = Receipts(folder)
        self._foreign = False
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._mark.exists():
                with contextlib.suppress(FileExistsError):
                    write_secret(self._mark, secrets.token_bytes(KEY_BYTES))
            self._installation = read_key(self._mark)
        except OSError as error:
            raise KeysAway(f"the key folder {folder} cannot be used: {type(error).__name__}") from error

    @property
    def mark(self) -> bytes:
        """What tells this folder from any other; says nothing of a key. The database knows it (`folder_marks`)."""
        return hashlib.sha256(self._installation).digest()

    def is_foreign(self) -> None:
        """It is not the folder that the database's rows need: nothing is read, made or destroyed in it any more."""
        self._foreign = True

    def create(self, kind: Kind) -> uuid.UUID:
        """A new random key on disk; returns its id."""
        self._must_be_ours()
        key_id = uuid.uuid4()
        with _away_when_refused():
            write_secret(self._path(kind, key_id), AESGCM.generate_key(bit_length=256))
        return key_id

    def seal(self, kind: Kind, key_id: uuid.UUID, text: str) -> bytes:
        """Seal text, padded to full blocks so that its length tells little.

        Where a row is written again, it is locked before this is called: then it may be rotated meanwhile (decision 20).

        Raises:
            KeyGone: the key does not exist (any more).
        """
        with self._gone_when_missing(key_id):
            return _sealed(_sealing_key(self._path(kind, key_id)), text, key_id.bytes)

    def open(self, kind: Kind, key_id: uuid.UUID, sealed: bytes) -> str:
        """The text that was sealed.

        Raises:
            KeyGone: the key has been destroyed.
            Unreadable: the bytes are not what this key sealed.
        """
        with self._gone_when_missing(key_id):
            return _opened_by_one(_opening_keys(self._path(kind, key_id)), sealed, key_id.bytes)

    def usable(self) -> bool:
        """Whether keys can be read and made: the folder is there, writable, and not another one mounted in its place."""
        try:
            self._must_be_ours()
        except KeysAway:
            return False
        return os.access(self._folder, os.R_OK | os.W_OK | os.X_OK)

    def exists(self, kind: Kind, key_id: uuid.UUID) -> bool:
        return self._path(kind, key_id).exists()

    def destroy(self, kind: Kind, key_id: uuid.UUID, why: str, now: datetime) -> None:
        """Unlink the key and append the receipt. Doing it again changes nothing, so it may be replayed after any crash.

        Of an entry only the year is told, and never why: the lines of one day and one reason would count a group.
        """
        self._must_be_ours()
        about = {"why": why, "when": now.isoformat()} if kind == "person" else {"why": "entry", "when": str(now.year)}
        with _away_when_refused():
            self._unlink(self._path(kind, key_id))
            self._receipts.append({"key": str(key_id), "kind": kind, **about})

    def destroy_again(self) -> int:
        """Unlink every key that has a receipt and lies here all the same, as after a restore; returns how many."""
        named = (
            self._path(cast(Kind, receipt["kind"]), uuid.UUID(receipt["key"]))
            for receipt in self.receipts()
            if receipt["kind"] in get_args(Kind)
        )
        return sum(self._unlink(path) for path in named)

    def discard(self, kind: Kind, key_id: uuid.UUID) -> None:
        """Remove a key whose row was never written: nothing was sealed that is kept, so there is no receipt."""
        for path in (_next(self._path(kind, key_id)), self._path(kind, key_id)):
            path.unlink(missing_ok=True)

    def made_before(self, kind: Kind, moment: datetime) -> Iterator[uuid.UUID]:
        """The keys of a kind whose files are older than a moment."""
        for path in (self._folder / kind).glob("??/*.key"):
            with contextlib.suppress(FileNotFoundError):
                if not path.name.startswith(".") and path.stat().st_mtime < moment.timestamp():
                    yield uuid.UUID(path.stem)

    def receipts(self) -> Iterator[dict[str, str]]:
        """Every receipt, oldest first: which key, of what kind, why, when. They name no one."""
        return self._receipts.read()

    def service_key(self, name: str) -> bytes:
        """A long-lived key of the installation (feed tokens), made when first asked for."""
        path = self._service(name)
        try:
            return read_key(path)
        except FileNotFoundError:
            self._must_be_ours()
        with _away_when_refused(), contextlib.suppress(FileExistsError):
            write_secret(path, secrets.token_bytes(KEY_BYTES))
        return read_key(path)

    def service_keys(self, name: str) -> list[bytes]:
        """The keys under which something of a service may lie, that of now first; while it is rotated there are two."""
        self.service_key(name)
        return list(dict.fromkeys(_opening_keys(self._service(name))))

    def newest_service_key(self, name: str) -> bytes:
        """The key under which a service writes from now on."""
        self.service_key(name)
        return _sealing_key(self._service(name))

    def seal_for_service(self, name: str, about: str, text: str) -> bytes:
        """Seal text under the service key of this name, bound to what it is about (`staff/12`): it opens for nothing else.

        For what is no participant's and is not erased by its key: secrets of staff's sign-in.
        """
        return _sealed(self.newest_service_key(name), text, about.encode())

    def open_for_service(self, name: str, about: str, sealed: bytes) -> str:
        """The text that was sealed for a service.

        Raises:
            Unreadable: the bytes are altered, cut short, about something else, or the service key has been replaced.
        """
        return _opened_by_one(iter(self.service_keys(name)), sealed, about.encode())

    @property
    def _mark(self) -> Path:
        return self._service("installation")

    def _service(self, name: str) -> Path:
        return self._folder / "service" / f"{name}.key"

    def _path(self, kind: Kind, key_id: uuid.UUID) -> Path:
        return self._folder / kind / str(key_id)[:2] / f"{key_id}.key"

    def _must_be_ours(self) -> None:
        try:
            if not self._foreign and self._mark.read_bytes() == self._installation:
                return
        except OSError as error:
            raise KeysAway(f"the key folder cannot be read: {type(error).__name__}") from error
        raise KeysAway("another folder lies where the keys were")

    @contextlib.contextmanager
    def _gone_when_missing(self, key_id: uuid.UUID) -> Iterator[None]:
        """A key that is missing has been destroyed only if its folder is the right one."""
        if self._foreign:
            raise KeysAway("another folder lies where the keys were")
        try:
            yield
        except FileNotFoundError as error:
            self._must_be_ours()
            raise KeyGone(str(key_id)) from error

    @staticmethod
    def _unlink(path: Path) -> bool:
        """Remove a key and the coming one beside it, on disk before returning; whether there was any."""
        there = [found for found in (_next(path), path) if found.exists()]
        for found in there:
            found.unlink(missing_ok=True)
        if path.parent.exists():
            sync_folder(path.parent)
        return bool(there)


@contextlib.contextmanager
def _away_when_refused() -> Iterator[None]:
    """What the disk refuses (full, read-only, closed to us) can be done when that is mended."""
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        raise KeysAway(f"the key folder cannot be written: {type(error).__name__}") from error
