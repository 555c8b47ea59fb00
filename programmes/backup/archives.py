"""Copies of keys: packed and unpacked in memory, so that no open key lies anywhere but in its folder.

A copy of person keys holds `person/`, `service/` and the receipts of the key folder, never the keys of entries or ballots
(DESIGN 6). A copy of the log's keys holds the chain's key and heads. Both are gzipped tar files, encrypted.
"""

import contextlib
import io
import re
import secrets
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from programmes.backup import BackupError
from programmes.core.key_files import KeyDamaged, is_damaged, set_damaged_aside
from programmes.core.sealing import KEY_BYTES, Receipts, Spot, read_key
from programmes.core.service_keys import LASTING, damaged_name, note_all

_MARK = "service/installation.key"
_SEAL = "service/backup.key"
_RECEIPTS = "receipts.jsonl"
_KEY = re.compile(r"(person/[0-9a-f]{2}/([0-9a-f-]{36})|service/[a-z-]{1,40})\.(key|next|last)")
_LOG = ("chain/chain.key", "chain/head.json", "chain/days.jsonl")


def _at(folder: Path, name: str) -> Spot:
    return Spot(folder, tuple(name.split("/")))


def _packed(spots: Iterable[Spot]) -> bytes:
    """A gzipped tar of files; one that is destroyed meanwhile is not in it, nor is a key that is damaged: a copy has whole
    ones only."""
    into = io.BytesIO()
    with tarfile.open(fileobj=into, mode="w:gz", compresslevel=1) as tar:
        for spot in spots:
            with contextlib.suppress(FileNotFoundError):
                content, told = spot.read_from(0)
                if _KEY.fullmatch("/".join(spot.parts)) and len(content) != KEY_BYTES:
                    continue
                about = tarfile.TarInfo("/".join(spot.parts))
                about.size, about.mode, about.mtime = len(content), 0o600, int(told.st_mtime)
                tar.addfile(about, io.BytesIO(content))
    return into.getvalue()


def _person_files(folder: Path) -> Iterator[Spot]:
    for kind in ("person", "service"):
        for spot, _told in sorted((Spot(folder) / kind).files()):
            if _KEY.fullmatch("/".join(spot.parts)):
                yield spot
    yield _at(folder, _RECEIPTS)


def person_keys(folder: Path) -> bytes:
    """What may be backed up of the key folder."""
    return _packed(_person_files(folder))


def log_keys(folder: Path) -> bytes:
    """What proves the access log. The head only ever advances, so a moment in between is one too."""
    return _packed(_at(folder, name) for name in _LOG)


def receipts(folder: Path) -> bytes:
    """Every receipt as it stands now."""
    try:
        return _at(folder, _RECEIPTS).read()
    except FileNotFoundError:
        return b""


@dataclass(frozen=True)
class Copy:
    """A copy of person keys, read: files by their names in the folder, and the receipts."""

    keys: dict[str, bytes]
    receipts: bytes

    @property
    def mark(self) -> bytes:
        """Which folder it is a copy of."""
        return sha256(self.keys[_MARK]).digest()

    @property
    def seal(self) -> bytes | None:
        """With which the installation's own manifests are known."""
        return self.keys.get(_SEAL)

    def keys_of(self, person: UUID) -> list[bytes]:
        """Every key that may open this record."""
        stem = f"person/{str(person)[:2]}/{person}"
        return [self.keys[name] for end in ("key", "next", "last") if (name := f"{stem}.{end}") in self.keys]


def unpacked(content: bytes) -> Copy:
    """A copy of person keys.

    Raises:
        BackupError: it is none: another file, or one that holds what such a copy never does.
    """
    keys: dict[str, bytes] = {}
    found = b""
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
            for about in tar:
                told = tar.extractfile(about) if about.isreg() else None
                inside = told.read() if told else b""
                if about.name == _RECEIPTS:
                    found = inside
                elif told is not None and _KEY.fullmatch(about.name):
                    # The release before copied damaged ones too: all others are good.
                    keys |= {about.name: inside} if len(inside) == KEY_BYTES else {}
                else:
                    raise BackupError("This is no copy of person keys: it holds something else.")
    except (tarfile.TarError, EOFError, OSError):
        raise BackupError("This is no copy of person keys.") from None
    if _MARK not in keys:
        raise BackupError("This is no whole copy of person keys: the mark of its folder is missing.")
    return Copy(keys, found)


def _key(path: Spot) -> bytes | None:
    """The key that lies here; a damaged one is none."""
    try:
        return read_key(path)
    except (FileNotFoundError, KeyDamaged):
        return None


def mark_of(folder: Path) -> bytes | None:
    """Which folder of keys lies here, or None where there is none. Makes nothing, as opening it would. Raises KeysAway."""
    found = _key(_at(folder, _MARK))
    return sha256(found).digest() if found else None


def seal_of(folder: Path) -> bytes | None:
    """With which the manifests of this folder's installation are known, or None before its first backup."""
    return _key(_at(folder, _SEAL))


def merge_receipts(folder: Path, content: bytes) -> None:
    """Receipts that this folder lacks, so that what they tell of is erased again."""
    if not content.strip():
        return
    if not _at(folder, _RECEIPTS).exists():
        with contextlib.suppress(FileExistsError):
            _at(folder, _RECEIPTS).write(content)
            return
    ours = Receipts(folder)
    known = {receipt["key"] for receipt in ours.read()}
    for receipt in Receipts.parsed(content):
        if receipt["key"] not in known:
            ours.append(receipt)


def other_service_keys(copy: Copy, folder: Path) -> list[str]:
    """Which keys that are never made anew (`LASTING`) are other ones in the copy than here, where they stay: one was
    exchanged since, or made after it was said to be lost."""
    pairs = {name: (copy.keys.get(f"service/{name}.key"), _key(_at(folder, f"service/{name}.key"))) for name in LASTING}
    return sorted(name for name, (theirs, ours) in pairs.items() if theirs and ours and theirs != ours)


@dataclass(frozen=True)
class PutBack:
    """How many keys were put back. Of those, which of the service's were put in the place of a damaged one, each with the
    name that it is kept by in `service/`, and how many others were."""

    number: int
    kept: tuple[str, ...] = ()
    over: int = 0

    def in_words(self) -> list[str]:
        """What is to be said of damaged ones; nothing where there were none."""
        told = [f"{kept.partition('.')[0]} was damaged: the copy's lies there now. service/{kept} is what lay there."
                for kept in self.kept]  # fmt: skip
        return [*told, *([f"Of those {self.over} lie in the place of damaged key files."] if self.over else [])]


def put_back(copy: Copy, folder: Path) -> PutBack:
    """The keys that are missing here, or damaged, but for those that were destroyed.

    The receipts come first and the folder's mark last: broken off, it is no whole folder, and may be done again.
    """
    merge_receipts(folder, copy.receipts)
    gone = {receipt["key"] for receipt in Receipts(folder).read()}
    written = over = 0
    kept: list[str] = []
    for name in sorted(copy.keys, key=lambda name: name == _MARK):
        about, at = _KEY.fullmatch(name), _at(folder, name)
        if about and about[2] not in gone and (is_damaged(at) or not at.exists()):
            aside = _aside_name(at)
            if set_damaged_aside(at, aside):
                kept, over = ([*kept, aside], over) if about[2] is None else (kept, over + 1)
            with contextlib.suppress(FileExistsError):
                at.write(copy.keys[name])
                written += 1
    note_all(folder)
    return PutBack(written, tuple(kept), over)


def _aside_name(at: Spot) -> str:
    """What a damaged key is called beside the one that takes its place. It may hold the key itself, and more: so a person's
    goes with that, and within hours, as what a crash has left of its writing does."""
    return damaged_name(at) if at.parts[0] == "service" else f".{at.name}.{secrets.token_hex(8)}"
