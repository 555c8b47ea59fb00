"""Keys of free texts: those that wait, which only the worker has, and those under review, which web has for some days.

Ballot key folder (worker only, never backed up): `text/<section>/<key>.key`, a fresh one at every closing, and of an earlier
release `text/<section>.key`. Key folder (web reads, never backed up either): `reviews/<review>.key`. What a destroyed key
sealed is erased, in backups of the database too (DESIGN 6).
"""

import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from programmes.core.key_files import drafts_of
from programmes.core.sealing import KeyGone, Receipts, Spot, Unreadable, read_key

_NONCE = 12
# A text has this length before it is sealed: 500 letters of four bytes fit.
_LENGTH = 2048


def _sealed(key: bytes, text: str, about: bytes) -> bytes:
    raw = text.encode()
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, (len(raw).to_bytes(4, "big") + raw).ljust(_LENGTH, b"\0"), about)


def _opened(path: Spot, sealed: bytes, about: bytes) -> str:
    try:
        plain = AESGCM(read_key(path)).decrypt(sealed[:_NONCE], sealed[_NONCE:], about)
        return plain[4 : 4 + int.from_bytes(plain[:4], "big")].decode()
    except FileNotFoundError as error:
        raise KeyGone(path.stem) from error
    except (InvalidTag, ValueError) as error:
        raise Unreadable(path.stem) from error


def _key_of(path: Spot) -> bytes:
    try:
        return read_key(path)
    except FileNotFoundError as error:
        raise KeyGone(path.stem) from error


def _review_path(key_folder: Path, review_id: UUID) -> Spot:
    return Spot(key_folder) / "reviews" / f"{review_id}.key"


def _place(review_id: UUID, text_id: UUID) -> bytes:
    """Binds a text to its review and its row."""
    return b"programmes/review/1/" + review_id.bytes + text_id.bytes


def seal_for_review(key_folder: Path, review_id: UUID, text_id: UUID, text: str) -> bytes:
    """Seal a text, or what is to be shown instead of it, for as long as its review lasts.

    Raises:
        KeyGone: the review is over.
        KeysAway: the key can't be read.
    """
    return _sealed(_key_of(_review_path(key_folder, review_id)), text, _place(review_id, text_id))


def open_for_review(key_folder: Path, review_id: UUID, text_id: UUID, sealed: bytes) -> str:
    """The text.

    Raises:
        KeyGone: the review is over.
        KeysAway: the key can't be read.
        Unreadable: it was not sealed for this row.
    """
    return _opened(_review_path(key_folder, review_id), sealed, _place(review_id, text_id))


def _ids(folder: Spot) -> list[UUID]:
    """Whose keys lie in a folder."""
    return [UUID(name.removesuffix(".key")) for name in folder.names() if name.endswith(".key") and name[0] != "."]


class TextKeys:
    """The worker's side. Whoever makes, looks through or destroys keys of a programme holds its lock."""

    def __init__(self, folder: Path, key_folder: Path) -> None:
        self._folder, self.key_folder = folder, key_folder
        self._receipts = Receipts(folder)

    def create(self, section: str) -> UUID:
        """A fresh key for the texts of a programme, on disk before this returns."""
        key_id = uuid4()
        self._path(section, key_id).write(AESGCM.generate_key(bit_length=256))
        return key_id

    def create_review(self, review_id: UUID) -> None:
        """The key of a review; one that a crash has left is used."""
        if not _review_path(self.key_folder, review_id).exists():
            _review_path(self.key_folder, review_id).write(AESGCM.generate_key(bit_length=256))

    def seal(self, section: str, key_id: UUID, text: str) -> bytes:
        """Raises KeyGone: there is no such key."""
        return _sealed(_key_of(self._path(section, key_id)), text, section.encode() + key_id.bytes)

    def open(self, section: str, key_id: UUID | None, sealed: bytes) -> str:
        """The text; without a key's id it was sealed by an earlier release, or written again by one that knows no ids.

        Raises:
            KeyGone: its key is not here.
            Unreadable: it was not sealed under it.
        """
        if key_id:
            return _opened(self._path(section, key_id), sealed, section.encode() + key_id.bytes)
        for known in self._with_ids(section):
            with suppress(Unreadable):
                return self.open(section, known, sealed)
        return _opened(self._path(section, None), sealed, section.encode())

    def alive(self, section: str) -> list[UUID | None]:
        """The keys of a programme that lie here; None is an earlier release's."""
        found = self._with_ids(section)
        return [*found, None] if self._path(section, None).exists() else [*found]

    def _with_ids(self, section: str) -> list[UUID]:
        return _ids(Spot(self._folder) / "text" / section)

    def sections(self) -> list[str]:
        """The programmes of which a key may lie here."""
        found = (Spot(self._folder) / "text").names()
        return sorted({name.removesuffix(".key") for name in found if not name.startswith(".")})

    def has(self, section: str, key_id: UUID | None) -> bool:
        return self._path(section, key_id).exists()

    def has_review(self, review_id: UUID) -> bool:
        return _review_path(self.key_folder, review_id).exists()

    def reviews(self) -> list[UUID]:
        """The reviews of which a key lies here."""
        return _ids(Spot(self.key_folder) / "reviews")

    def is_destroyed(self, key_id: UUID | None) -> bool:
        return key_id is not None and any(receipt["key"] == str(key_id) for receipt in self.receipts())

    def destroy(self, section: str, key_id: UUID | None, now: datetime) -> None:
        """What it sealed is erased: nothing alive needs it."""
        self._unlink(self._path(section, key_id), str(key_id) if key_id else f"text/{section}", "text", now)

    def destroy_review(self, review_id: UUID, now: datetime) -> None:
        """Nobody reads these texts under this review's key any more."""
        self._unlink(_review_path(self.key_folder, review_id), str(review_id), "review", now)

    def receipts(self) -> Iterator[dict[str, str]]:
        """Every receipt of the ballot key folder, oldest first."""
        return self._receipts.read()

    def _unlink(self, path: Spot, key: str, kind: str, now: datetime) -> None:
        if sum(found.unlink() for found in (path, *drafts_of(path))):
            path.parent.sync()
            self._receipts.append({"key": key, "kind": kind, "why": "over", "when": now.isoformat()})

    def _path(self, section: str, key_id: UUID | None) -> Spot:
        folder = Spot(self._folder) / "text"
        return folder / section / f"{key_id}.key" if key_id else folder / f"{section}.key"
