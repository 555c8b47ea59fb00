"""Keys outside the database. Data sealed under a key is erased by destroying the key (DESIGN 6).

A key is a file of its own: `<folder>/<kind>/<first two letters>/<id>.key`, readable by its owner only. It is on disk
(fsync of file and folder) before `create` returns, so that no row can commit whose key a crash could lose.
"""

import contextlib
import hashlib
import os
import secrets
import uuid
from collections.abc import Callable, Collection, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Literal, TypeVar, cast, get_args

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from programmes.core import key_quarantine, lost_keys, service_keys
from programmes.core.key_files import (
    KEY_BYTES,
    KeyDamaged,
    Receipts,
    Successor,
    away_when_refused,
    drop_drafts,
    drop_replaced,
    opening_keys,
    read_key,
    sealing_key,
)
from programmes.core.key_paths import KeysAway, ServiceKeyAway, Spot, reason, sync_folder
from programmes.core.key_unlinking import discard_key, unlink_again, unlink_key
from programmes.core.restore_marks import RestoreMarks
from programmes.core.sealed_bytes import Unreadable, open_by_one, open_text, seal_text

__all__ = [
    "KEY_BYTES",
    "KeyFolder",
    "KeyGone",
    "KeysAway",
    "Receipts",
    "ServiceKeyAway",
    "Spot",
    "Unreadable",
    "is_begun",
    "read_key",
    "sync_folder",
]

Kind = Literal["entry", "person"]
_Found = TypeVar("_Found")


def is_begun(folder: Path) -> bool:
    """Whether a folder of keys lies here, ours or another's. Makes nothing. Raises KeysAway where that can't be seen."""
    try:
        return (Spot(folder) / "service" / "installation.key").exists()
    except OSError as error:
        raise KeysAway(f"the key folder {folder} cannot be used: {type(error).__name__}") from error


class KeyGone(Exception):
    """The key was destroyed, or is to be: what it sealed is erased for good."""


class KeyFolder(RestoreMarks):
    """The key folder of the web and worker processes (working-list entries and persons; ballots have their own).

    Everything here raises KeysAway when the folder is gone, closed, damaged, or not the right one: the one that this process
    began with, or that it was told of since.
    """

    def __init__(self, folder: Path) -> None:
        """Begin it where there is none: at the first start of a service, or where somebody has said that the one before is
        lost."""
        self._folder = folder
        self._receipts = Receipts(folder)
        self._doubted = False
        # Of which service keys it is noted that they were made, as far as this process knows.
        self._noted: set[str] = set()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._mark.exists():
                with contextlib.suppress(FileExistsError):
                    self._mark.write(secrets.token_bytes(KEY_BYTES))
            self._belongs = hashlib.sha256(read_key(self._mark)).digest()
        except KeyDamaged as error:
            raise KeysAway(f"service/installation.key of the key folder {folder} is damaged") from error
        except OSError as error:
            raise KeysAway(f"the key folder {folder} cannot be used: {reason(error)}") from error

    @classmethod
    def there(cls, folder: Path) -> "KeyFolder":
        """The folder that has been begun here, for whatever works on one: only a first start makes it. An empty one would
        lie in the way of the right one, when that is mounted or moved back.

        Raises:
            KeysAway: there is none. Nothing is made.
        """
        if not is_begun(folder):
            raise KeysAway(f"there is no key folder at {folder}. Nothing was made there")
        return cls(folder)

    @property
    def mark(self) -> bytes:
        """What tells the right folder from any other; says nothing of a key. The database knows it (`folder_marks`). It is
        that of the folder that this process began with, until it is told another one (`hold_to`)."""
        return self._belongs

    def hold_to(self, mark: bytes) -> None:
        """The folder with this mark is the right one, whichever this process began with. While another one lies here nothing
        is read, made or destroyed in it; once the right one does, all goes on by itself."""
        self._doubted = self._doubted or mark != self._belongs
        self._belongs = mark

    def create(self, kind: Kind) -> uuid.UUID:
        """A new random key on disk; returns its id."""
        self.must_be_ours()
        key_id = uuid.uuid4()
        with away_when_refused():
            self._path(kind, key_id).write(AESGCM.generate_key(bit_length=256))
        return key_id

    def seal(self, kind: Kind, key_id: uuid.UUID, text: str) -> bytes:
        """Seal text, padded to full blocks so that its length tells little.

        Where a row is written again, it is locked before this is called: then it may be rotated meanwhile (decision 20).

        Raises:
            KeyGone: the key does not exist (any more).
        """
        with self._gone_when_missing(key_id):
            self._not_destroyed(key_id)
            return seal_text(sealing_key(self._path(kind, key_id)), text, key_id.bytes)

    def open(self, kind: Kind, key_id: uuid.UUID, sealed: bytes) -> str:
        """The text that was sealed.

        Raises:
            KeyGone: the key has been destroyed.
            Unreadable: the bytes are not what this key sealed, or the file of this one key is damaged.
        """
        try:
            with self._gone_when_missing(key_id):
                self._not_destroyed(key_id)
                return open_by_one(opening_keys(self._path(kind, key_id)), sealed, key_id.bytes)
        except KeyDamaged as error:
            self.must_be_ours()
            raise Unreadable("its key is damaged") from error

    def usable(self) -> bool:
        """Whether keys can be read and made: the folder is there, writable, and not another one mounted in its place, and
        the receipts are whole, without which nobody knows which keys are destroyed."""
        try:
            self.must_be_ours()
            self._receipts.tells_of(uuid.UUID(int=0))
        except KeysAway:
            return False
        return os.access(self._folder, os.R_OK | os.W_OK | os.X_OK)

    def exists(self, kind: Kind, key_id: uuid.UUID) -> bool:
        """Whether it lies there, and was not destroyed once: a file that came back opens nothing."""
        with away_when_refused():
            lies = self._path(kind, key_id).exists()
        if lies:
            return not self._receipts.tells_of(key_id)
        self.must_be_ours()
        return False

    def is_gone_for_good(self, person_id: uuid.UUID) -> bool:
        """Whether the key of a record that does not lie here never will: it was destroyed, or somebody has said that it is
        lost (`programmes keys lost`)."""
        return self._receipts.tells_of(person_id) or str(person_id) in lost_keys.known(self._folder)["persons"]

    def destroy(self, kind: Kind, key_id: uuid.UUID, why: str, now: datetime) -> None:
        """Unlink the key and append the receipt. Doing it again changes nothing, so it may be replayed after any crash.

        Of an entry only the year is told, and never why: the lines of one day and one reason would count a group.
        """
        self.must_be_ours()
        about = {"why": why, "when": now.isoformat()} if kind == "person" else {"why": "entry", "when": str(now.year)}
        with away_when_refused():
            unlink_key(self._folder, self._path(kind, key_id))
            self._receipts.append({"key": str(key_id), "kind": kind, **about})

    def destroy_again(self) -> int:
        """Unlink every key that has a receipt and lies here all the same, as after a restore; returns how many. One that
        something stands in the way of stays, and opens nothing; the doctor tells of it."""
        named = (
            (uuid.UUID(receipt["key"]), self._path(cast(Kind, receipt["kind"]), uuid.UUID(receipt["key"])))
            for receipt in self.receipts()
            if receipt["kind"] in get_args(Kind)
        )
        return unlink_again(self._folder, named)

    def discard(self, kind: Kind, key_id: uuid.UUID) -> None:
        """Remove a key whose row was never written: nothing was sealed that is kept, so there is no receipt."""
        discard_key(self._path(kind, key_id))

    def set_aside(self, kind: Kind, key_id: uuid.UUID, day: date) -> None:
        """Move a key that no row has where nothing opens with it (`key_quarantine`)."""
        self.must_be_ours()
        key_quarantine.set_aside(self._folder, self._path(kind, key_id), kind, day)

    def aside(self) -> list[tuple[date, Kind, uuid.UUID]]:
        """Every key that lies aside, and since which local day."""
        return [(day, cast(Kind, kind), key_id) for day, kind, key_id in key_quarantine.aside(self._folder)]

    def bring_back(self, kind: Kind, key_id: uuid.UUID) -> bool:
        """Put a key back whose row is there again; whether it was. One that has a receipt stays erased."""
        self.must_be_ours()
        if self._receipts.tells_of(key_id):
            unlink_key(self._folder, self._path(kind, key_id))
            return False
        return key_quarantine.bring_back(self._folder, self._path(kind, key_id), kind)

    def drop_aside(self, before: date, kept: Collection[uuid.UUID]) -> int:
        """Remove what was set aside before a local day and is not to be kept; returns how many keys."""
        self.must_be_ours()
        with away_when_refused():
            return key_quarantine.drop_aside(self._folder, before, kept)

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self._folder

    @property
    def written_receipts(self) -> Receipts:
        """The record of what was destroyed."""
        return self._receipts

    def made_before(self, kind: Kind, moment: datetime) -> Iterator[uuid.UUID]:
        """The keys of a kind whose files are older than a moment."""
        for path, told in self._at(kind).files():
            is_key = len(path.parts) == 3 and path.suffix == ".key" and not path.name.startswith(".")
            if is_key and told.st_mtime < moment.timestamp():
                with contextlib.suppress(ValueError):
                    yield uuid.UUID(path.stem)

    def receipts(self) -> Iterator[dict[str, str]]:
        """Every receipt, oldest first: which key, of what kind, why, when. They name no one."""
        return self._receipts.read()

    def has_service_key(self, name: str) -> bool:
        """Whether this one lies here, whole. Nothing is made. Raises KeysAway where it lies here and can't be read."""
        try:
            read_key(self._service(name))
        except (FileNotFoundError, KeyDamaged):
            return False
        return True

    def service_key(self, name: str) -> bytes:
        """A long-lived key of the installation (feed tokens), made when first asked for.

        Raises:
            ServiceKeyAway: it was there once and is not now, or is damaged, and another one would do harm
                (`service_keys.LASTING`).
        """
        return self._of_service(name, service_keys.read_or_make)

    def service_keys(self, name: str) -> list[bytes]:
        """The keys under which something of a service may lie, that of now first; while it is rotated there are two. Raises
        ServiceKeyAway."""
        return self._of_service(name, lambda at: service_keys.of_now(at, lambda at: list(dict.fromkeys(opening_keys(at)))))

    def newest_service_key(self, name: str) -> bytes:
        """The key under which a service writes from now on. Raises ServiceKeyAway."""
        return self._of_service(name, lambda at: service_keys.of_now(at, sealing_key))

    def _of_service(self, name: str, read: Callable[[Spot], _Found]) -> _Found:
        # Another folder has keys by the same names: what is sealed or looked up with one of those would open nowhere.
        self.must_be_ours()
        found = read(self._service(name))
        if name not in self._noted:
            service_keys.note_made(self._service(name))
            self._noted.add(name)
        return found

    def seal_for_service(self, name: str, about: str, text: str) -> bytes:
        """Seal text under the service key of this name, bound to what it is about (`staff/12`): it opens for nothing else.

        For what is no participant's and is not erased by its key: secrets of staff's sign-in.
        """
        return seal_text(self.newest_service_key(name), text, about.encode())

    def open_for_service(self, name: str, about: str, sealed: bytes) -> str:
        """The text that was sealed for a service.

        Raises:
            Unreadable: the bytes are altered, cut short, about something else, or the service key has been replaced.
        """
        return open_by_one(iter(self.service_keys(name)), sealed, about.encode())

    def missing_service_keys(self) -> list[str]:
        """Which of them lay here once, and do not now, or are damaged."""
        self.must_be_ours()
        with away_when_refused():
            return service_keys.missing(self._folder)

    def lasting_keys_away(self) -> list[str]:
        """Of those that are never made anew (`service_keys.LASTING`), which lay here once and do not now, or are damaged.
        None where the whole folder is away, which is told by `usable`."""
        with contextlib.suppress(KeysAway):
            return [name for name in self.missing_service_keys() if name in service_keys.LASTING]
        return []

    def note_service_keys(self) -> None:
        """At the start of a process: those that lie here lie here, also what came with another release or from a copy and
        has not been asked for since. One that is lost after this is not made anew. Nothing is noted in another folder."""
        with contextlib.suppress(KeysAway):
            self.must_be_ours()
            service_keys.note_all(self._folder)

    def successor(self, kind: Kind, key_id: uuid.UUID) -> Successor:
        """What takes the place of a key. Raises KeyGone when there is none to take it from."""
        self.must_be_ours()
        if not self.exists(kind, key_id):
            raise KeyGone(str(key_id))
        return Successor(self._path(kind, key_id))

    def service_successor(self, name: str) -> Successor:
        """What takes the place of a service's key. Raises ServiceKeyAway."""
        # A successor that was begun before, too: it is to become the key.
        self.newest_service_key(name)
        return Successor(self._service(name))

    def sealed_by(self, key: bytes, about: bytes, sealed: bytes) -> bool:
        """Whether this very key sealed something."""
        try:
            open_text(key, sealed, about)
        except Unreadable:
            return False
        return True

    def fits(self, kind: Kind, key_id: uuid.UUID, sealed: bytes) -> bool:
        """Whether the key that lies there sealed this. Nothing of it is told.

        Raises:
            KeyGone: there is none.
            KeyDamaged: its file is damaged.
        """
        try:
            self.open(kind, key_id, sealed)
        except Unreadable as error:
            if isinstance(error.__cause__, KeyDamaged):
                raise error.__cause__ from None
            return False
        return True

    def drop_replaced(self, before: datetime | None, now: datetime) -> int:
        """Destroy the keys whose place others took before a moment, or all of those; returns how many. With a moment also
        what crashes have left before it of the writing of keys."""
        self.must_be_ours()
        with away_when_refused():
            if before is not None:
                drop_drafts(self._folder, before)
            return drop_replaced(self._folder, self._receipts, before, now)

    @property
    def _mark(self) -> Spot:
        return self._service("installation")

    def _service(self, name: str) -> Spot:
        return self._at("service") / f"{name}.key"

    def _path(self, kind: Kind, key_id: uuid.UUID) -> Spot:
        return self._at(kind, str(key_id)[:2]) / f"{key_id}.key"

    def must_be_ours(self) -> None:
        """Raises KeysAway when it is not the right folder: gone, closed, or hidden by another."""
        try:
            if hashlib.sha256(self._mark.read()).digest() == self._belongs:
                self._doubted = False
                return
        except OSError as error:
            raise KeysAway(f"the key folder cannot be read: {reason(error)}") from error
        raise KeysAway("another folder lies where the keys were")

    @contextlib.contextmanager
    def _gone_when_missing(self, key_id: uuid.UUID) -> Iterator[None]:
        """A key that is missing has been destroyed only if its folder is the right one."""
        if self._doubted:
            # A whole copy has every key: here it is not enough that none is missing.
            self.must_be_ours()
        try:
            yield
        except FileNotFoundError as error:
            self.must_be_ours()
            raise KeyGone(str(key_id)) from error

    def _not_destroyed(self, key_id: uuid.UUID) -> None:
        """A key file that lies there again, as from an old copy of the folder, opens nothing. Raises KeyGone."""
        if self._receipts.tells_of(key_id):
            raise KeyGone(str(key_id))
