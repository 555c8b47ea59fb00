"""Keys outside the database. Data sealed under a key is erased by destroying the key (DESIGN 6).

A key is a file of its own: `<folder>/<kind>/<first two letters>/<id>.key`, readable by its owner only. It is on disk
(fsync of file and folder) before `create` returns, so that no row can commit whose key a crash could lose.
"""

import contextlib
import fcntl
import json
import os
import secrets
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Kind = Literal["entry", "person"]
_NONCE = 12
_BLOCK = 64
_RESTORING = "restoring"


class KeyGone(Exception):
    """The key was destroyed: what it sealed is erased for good."""


class Unreadable(Exception):
    """The sealed bytes are cut short, altered, or belong to another key or row."""


def sync_folder(folder: Path) -> None:
    """Put a folder's entries on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
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
    padded = AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], about)
    return padded[4 : 4 + int.from_bytes(padded[:4], "big")].decode()


class KeyFolder:
    """The key folder of the web and worker processes (working-list entries and persons; ballots have their own)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._receipts = Receipts(folder)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._installation = self.service_key("installation")

    def create(self, kind: Kind) -> uuid.UUID:
        """A new random key on disk; returns its id."""
        key_id = uuid.uuid4()
        write_secret(self._path(kind, key_id), AESGCM.generate_key(bit_length=256))
        return key_id

    def seal(self, kind: Kind, key_id: uuid.UUID, text: str) -> bytes:
        """Seal text, padded to full blocks so that its length tells little.

        Raises:
            KeyGone: the key does not exist (any more).
        """
        return _sealed(self._key(kind, key_id), text, key_id.bytes)

    def open(self, kind: Kind, key_id: uuid.UUID, sealed: bytes) -> str:
        """The text that was sealed.

        Raises:
            KeyGone: the key has been destroyed.
            Unreadable: the bytes are not what this key sealed.
        """
        try:
            return _opened(self._key(kind, key_id), sealed, key_id.bytes)
        except (InvalidTag, ValueError) as error:
            raise Unreadable(str(key_id)) from error

    def usable(self) -> bool:
        """Whether keys can be read and made: the folder is there, writable, and not another one mounted in its place."""
        mark = self._folder / "service" / "installation.key"
        try:
            return mark.read_bytes() == self._installation and os.access(self._folder, os.R_OK | os.W_OK | os.X_OK)
        except OSError:
            return False

    def mark_restoring(self) -> None:
        """Say that a backup is being put back (`core.restoring`)."""
        (self._folder / _RESTORING).touch(mode=0o600)
        sync_folder(self._folder)

    def unmark_restoring(self) -> None:
        """Say that it has been put back, whole."""
        (self._folder / _RESTORING).unlink(missing_ok=True)
        sync_folder(self._folder)

    def is_restoring(self) -> bool:
        """Whether a backup is being put back, or that broke off."""
        return (self._folder / _RESTORING).exists()

    def exists(self, kind: Kind, key_id: uuid.UUID) -> bool:
        return self._path(kind, key_id).exists()

    def destroy(self, kind: Kind, key_id: uuid.UUID, why: str, now: datetime) -> None:
        """Unlink the key and append the receipt. Doing it again changes nothing, so it may be replayed after any crash.

        Of an entry only the year is told, and never why: the lines of one day and one reason would count a group.
        """
        path = self._path(kind, key_id)
        if path.parent.exists():
            path.unlink(missing_ok=True)
            sync_folder(path.parent)
        about = {"why": why, "when": now.isoformat()} if kind == "person" else {"why": "entry", "when": str(now.year)}
        self._receipts.append({"key": str(key_id), "kind": kind, **about})

    def destroy_again(self) -> int:
        """Unlink every key that has a receipt and lies here all the same, as after a restore; returns how many."""
        named = (self._path(cast(Kind, receipt["kind"]), uuid.UUID(receipt["key"])) for receipt in self.receipts())
        back = [path for path in named if path.exists()]
        for path in back:
            path.unlink(missing_ok=True)
            sync_folder(path.parent)
        return len(back)

    def discard(self, kind: Kind, key_id: uuid.UUID) -> None:
        """Remove a key whose row was never written: nothing was sealed that is kept, so there is no receipt."""
        self._path(kind, key_id).unlink(missing_ok=True)

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
        path = self._folder / "service" / f"{name}.key"
        if not path.exists():
            with contextlib.suppress(FileExistsError):
                write_secret(path, secrets.token_bytes(32))
        return path.read_bytes()

    def seal_for_service(self, name: str, about: str, text: str) -> bytes:
        """Seal text under the service key of this name, bound to what it is about (`staff/12`): it opens for nothing else.

        For what is no participant's and is not erased by its key: secrets of staff's sign-in.
        """
        return _sealed(self.service_key(name), text, about.encode())

    def open_for_service(self, name: str, about: str, sealed: bytes) -> str:
        """The text that was sealed for a service.

        Raises:
            Unreadable: the bytes are altered, cut short, about something else, or the service key has been replaced.
        """
        try:
            return _opened(self.service_key(name), sealed, about.encode())
        except (InvalidTag, ValueError) as error:
            raise Unreadable(name) from error

    def _path(self, kind: Kind, key_id: uuid.UUID) -> Path:
        return self._folder / kind / str(key_id)[:2] / f"{key_id}.key"

    def _key(self, kind: Kind, key_id: uuid.UUID) -> bytes:
        try:
            return self._path(kind, key_id).read_bytes()
        except FileNotFoundError as error:
            raise KeyGone(str(key_id)) from error
