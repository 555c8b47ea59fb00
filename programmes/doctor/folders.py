"""A folder of keys as it lies on disk: who reaches it, which keys are in it, whether what is written is whole."""

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from programmes.core.key_files import is_torn, parsed_receipt
from programmes.core.sealing import KEY_BYTES
from programmes.doctor.places import is_ours, is_stray
from programmes.doctor.sharing import group_of, has_list, has_name

_OTHERS, _STRANGERS = 0o077, 0o007
_SECRET = frozenset({".key", ".next", ".last"})
# Longer than between making a key and the commit of its row, and than the worker's sweep takes to come.
ORPHAN_AGE = timedelta(days=1)


@dataclass(frozen=True)
class ReceiptLines:
    """Of the receipts of a folder: lines that a crash may have torn and that do not end the file, whether the last one is
    torn, lines that no crash leaves so, and whether they can be read at all."""

    torn: int = 0
    torn_end: bool = False
    damaged: int = 0
    readable: bool = True


@dataclass(frozen=True)
class FolderFacts:
    """What is seen of a folder without opening a key. `open_to_others` counts folders and secret files, the folder itself
    not among them; `closed` what this process can't look into."""

    path: str
    there: bool = True
    mode: int = 0o700
    usable: bool = True
    open_to_others: int = 0
    of_others: int = 0
    closed: int = 0
    # Links, pipes and what else is neither a file nor a folder, and receipts that have a second name.
    strange: int = 0
    # What lies where keys of entries and persons lie and is neither such a key nor a folder for them.
    stray: int = 0
    # Links, folders and what else is no file where a key, or what lies beside it while it is rotated, should lie.
    in_place: int = 0
    damaged: int = 0
    # Those of the service, by the names of their files: they say nothing of anybody.
    damaged_service: tuple[str, ...] = ()
    being_rotated: int = 0
    same_volume: bool | None = None
    receipts: ReceiptLines = field(default_factory=ReceiptLines)
    # Mounted so: nothing in it can be written by anybody.
    read_only: bool = False
    # The group that the folder is given to (decision 55), who is in it, and how many in the folder it doesn't reach.
    group: str = ""
    members: tuple[str, ...] = ()
    closed_to_group: int = 0
    # That group has no name here, so that nobody can say who is in it.
    nameless: bool = False
    # How many folders and files, the folder itself among them, have access control lists.
    listed: int = 0

    @property
    def open(self) -> bool:
        return bool(self.mode & (_STRANGERS if self.group else _OTHERS))


@dataclass(frozen=True)
class KeyFacts:
    """Which keys lie in a folder, and which its rows need. `going`: their destruction is intended."""

    on_disk: frozenset[UUID]
    old: frozenset[UUID]
    needed: frozenset[UUID]
    going: frozenset[UUID] = field(default_factory=frozenset)
    # What has been destroyed once, by its receipt.
    destroyed: frozenset[UUID] = field(default_factory=frozenset)
    # Of which somebody has said that they are lost for good (`core.lost_keys`).
    known_lost: frozenset[str] = field(default_factory=frozenset)

    @property
    def absent(self) -> frozenset[UUID]:
        """Without those that have a receipt: nobody may bring them back."""
        return self.needed - self.on_disk - self.going - self.destroyed

    @property
    def missing(self) -> int:
        """Of which nobody has said that they are lost."""
        return len(self.absent) - self.lost

    @property
    def lost(self) -> int:
        """Of which somebody has."""
        return sum(str(key) in self.known_lost for key in self.absent)

    @property
    def risen(self) -> int:
        """Rows of what has been erased."""
        return len(self.needed & self.destroyed)

    @property
    def returned(self) -> int:
        """Key files of what has been erased."""
        return len(self.on_disk & self.destroyed)

    @property
    def orphans(self) -> int:
        return len(self.old - self.needed - self.going - self.destroyed)


def _inside(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            yield path, path.lstat()


def receipt_lines(folder: Path) -> ReceiptLines:
    """What is wrong with the receipts of a folder, each line looked at. A file that is not there has no line."""
    file = folder / "receipts.jsonl"
    try:
        lines = file.read_bytes().splitlines() if file.exists() else []
    except OSError:
        return ReceiptLines(readable=False)
    wrong = [(number, line) for number, line in enumerate(lines, 1) if not _is_receipt(line)]
    torn = [number for number, line in wrong if is_torn(line)]
    return ReceiptLines(sum(n < len(lines) for n in torn), len(lines) in torn, len(wrong) - len(torn))


def _is_receipt(line: bytes) -> bool:
    try:
        return parsed_receipt(line) is not None
    except ValueError:
        return False


def _is_read_only(folder: Path) -> bool:
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def _of_service(folder: Path, path: Path) -> bool:
    return path.parent == folder / "service"


def _device(path: Path) -> int | None:
    """The volume that a path lies on, or the nearest folder above it that can be looked at."""
    for part in (path, *path.parents):
        with contextlib.suppress(OSError):
            return part.stat().st_dev
    return None


def look_at(folder: Path, database: Path | None) -> FolderFacts:
    """The facts about a folder; `database` is where the server keeps its data, if that is on this machine and known."""
    try:
        found = folder.stat()
    except OSError:
        return FolderFacts(str(folder), there=False)
    if not stat.S_ISDIR(found.st_mode):
        return FolderFacts(str(folder), there=False)
    inside = list(_inside(folder))
    named = [(path, told) for path, told in inside if path.suffix in _SECRET and not path.name.startswith(".")]
    secrets = [(path, told) for path, told in named if stat.S_ISREG(told.st_mode)]
    # Whoever could write receipts could have anything erased.
    records = [(path, told) for path, told in inside if path.name == "receipts.jsonl"]
    # The public halves of ballot keys are public, and their folder has nothing else in it.
    folders = [(path, told) for path, told in inside if stat.S_ISDIR(told.st_mode) and path.name != "ballots"]
    group, members = group_of(found)
    others = _STRANGERS if group else _OTHERS
    # What the group shares, and what only the worker reads of it is in folders of its own.
    shared = [told for _, told in [*secrets, *folders, *records]] if group else []
    return FolderFacts(
        path=str(folder),
        mode=stat.S_IMODE(found.st_mode),
        usable=os.access(folder, os.R_OK | os.W_OK | os.X_OK),
        open_to_others=sum(bool(told.st_mode & others) for _, told in [*secrets, *folders, *records]),
        of_others=0 if group else sum(told.st_uid != found.st_uid for _, told in inside),
        strange=sum(not (stat.S_ISREG(told.st_mode) or stat.S_ISDIR(told.st_mode)) for _, told in inside)
        + sum(stat.S_ISREG(told.st_mode) and told.st_nlink > 1 for _, told in records),
        stray=sum(is_stray(path.relative_to(folder), told.st_mode) for path, told in inside),
        in_place=len(named) - len(secrets),
        closed=sum(not os.access(path, os.R_OK) for path, _ in secrets)
        + sum(not os.access(path, os.R_OK | os.W_OK | os.X_OK) for path, _ in folders if is_ours(path.relative_to(folder))),
        damaged=sum(told.st_size != KEY_BYTES and not _of_service(folder, path) for path, told in secrets),
        damaged_service=tuple(
            sorted(path.name for path, told in secrets if told.st_size != KEY_BYTES and _of_service(folder, path))
        ),
        being_rotated=sum(path.suffix == ".next" for path, _ in secrets),
        same_volume=None if database is None else found.st_dev == _device(database),
        receipts=receipt_lines(folder),
        read_only=_is_read_only(folder),
        group=group,
        members=members,
        nameless=bool(group) and not has_name(found.st_gid),
        listed=sum(has_list(path) for path in (folder, *(path for path, told in inside if not stat.S_ISLNK(told.st_mode)))),
        closed_to_group=sum(told.st_gid != found.st_gid or told.st_mode & 0o060 != 0o060 for told in shared),
    )


def keys_in(folder: Path, pattern: str, now: datetime) -> tuple[frozenset[UUID], frozenset[UUID]]:
    """The ids of the keys whose files match, and of those among them that are older than a day. A link is no key."""
    found = {}
    for path in folder.glob(pattern):
        with contextlib.suppress(FileNotFoundError, ValueError):
            told = path.lstat()
            if stat.S_ISREG(told.st_mode):
                found[UUID(path.stem)] = told.st_mtime
    limit = (now - ORPHAN_AGE).timestamp()
    return frozenset(found), frozenset(key for key, made in found.items() if made < limit)


def whole_keys_in(folder: Path, pattern: str) -> frozenset[UUID]:
    """The ids of the keys whose files match and are as long as a key."""
    found = set()
    for path in folder.glob(pattern):
        with contextlib.suppress(FileNotFoundError, ValueError):
            told = path.lstat()
            if stat.S_ISREG(told.st_mode) and told.st_size == KEY_BYTES:
                found.add(UUID(path.stem))
    return frozenset(found)
