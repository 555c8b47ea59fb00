"""Where backups and copies of keys lie: apart, one run at a time, and none for longer than it may."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from programmes.backup import BackupError, files
from programmes.backup.manifest import name_of
from programmes.core.backup_files import DRAFT, key_copies_in, list_of, made_at, seems_whole, sets_in
from programmes.settings import Settings

# With a run a day no copy of a person's key reaches seven days (DESIGN 6).
KEPT_KEYS = timedelta(days=6)


def must_be_apart(settings: Settings) -> None:
    """Whoever takes home one folder must not have the other with it, and keys never lie where they are backed up from."""
    named = {
        "PROGRAMMES_BACKUP_FOLDER": settings.backup_folder.resolve(),
        "PROGRAMMES_KEY_BACKUP_FOLDER": settings.key_backup_folder.resolve(),
        "PROGRAMMES_KEY_FOLDER": settings.key_folder.resolve(),
        "PROGRAMMES_BALLOT_KEY_FOLDER": settings.ballot_key_folder.resolve(),
        "PROGRAMMES_LOG_KEY_FOLDER": settings.log_key_folder.resolve(),
    }
    for own in ("PROGRAMMES_BACKUP_FOLDER", "PROGRAMMES_KEY_BACKUP_FOLDER"):
        for other, path in named.items():
            if own != other and (named[own] == path or path in named[own].parents or named[own] in path.parents):
                raise BackupError(f"{own} and {other} must be apart, neither inside the other.")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One backup at a time; the lock ends with the process."""
    with files.disk_in_words(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError("Another backup is running. Let it end.") from None
        yield
    finally:
        os.close(handle)


def tidy(settings: Settings, now: datetime) -> None:
    """What killed runs have left, and copies of person keys that are old enough: they go also when nothing new comes, as
    they must not outlive an erasure by more than seven days. Of the log's keys the newest that is whole always stays."""
    for folder in (settings.backup_folder, settings.key_backup_folder):
        with files.disk_in_words(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for left in folder.glob(f"{DRAFT}*"):
                files.remove(left)
    with files.disk_in_words(settings.key_backup_folder):
        persons, logs = (key_copies_in(settings.key_backup_folder, kind) for kind in ("persons", "log"))
        kept = [path for path in logs if seems_whole(path)][-1:]
        for path in [*persons, *logs]:
            if now - made_at(path) >= KEPT_KEYS and path not in kept:
                files.remove(path)
        of_copies = {list_of(path) for path in [*persons, *logs] if path.exists()}
        for path in settings.key_backup_folder.glob("keys-*.json"):
            if path not in of_copies:
                files.remove(path)


class Draft:
    """A backup and its copies of keys while they are made: under names that are no backup's, until all of it is whole."""

    def __init__(self, settings: Settings, now: datetime) -> None:
        name = name_of(now)
        persons, log = (settings.key_backup_folder / f"{kind}-{name}.age" for kind in ("persons", "log"))
        # The copies of keys come before the backup: one that is there has its own; and their list before them.
        self._named = [list_of(persons), persons, log, settings.backup_folder / name]
        if self._named[-1].exists():
            raise BackupError("There is a backup of this very second.")
        self.list, self.persons, self.log, self.folder = (path.with_name(f"{DRAFT}{path.name}") for path in self._named)

    @property
    def _drafts(self) -> tuple[Path, ...]:
        return self.list, self.persons, self.log, self.folder

    def take_names(self) -> Path:
        """All is written. Returns the backup."""
        for draft, name in zip(self._drafts, self._named, strict=True):
            with files.disk_in_words(name.parent):
                files.take_name(draft, name)
        return self._named[-1]

    def drop(self) -> None:
        """Leave nothing. What the disk doesn't let go the next run removes; its name says that it is no backup."""
        for path in self._drafts:
            with suppress(OSError):
                files.remove(path)


def forget_old(settings: Settings, now: datetime) -> None:
    """Backups of the database whose days are over, the newest never."""
    with files.disk_in_words(settings.backup_folder):
        for path in sets_in(settings.backup_folder)[:-1]:
            if now - made_at(path) >= timedelta(days=settings.backup_days):
                files.remove(path)
