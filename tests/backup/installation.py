"""An installation that is backed up, and a shell in it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pyrage

from programmes.core import backup_files
from programmes.core.sealing import KeyFolder
from programmes.demo.processes import environment
from programmes.settings import Settings

IDENTITY = pyrage.x25519.Identity.generate()


@dataclass
class Place:
    """An installation with two protected records and an entry of a working list."""

    settings: Settings
    keys: KeyFolder
    people: list[UUID]
    entry: UUID
    identity: Path

    @property
    def newest(self) -> Path:
        return backup_files.sets_in(self.settings.backup_folder)[-1]

    def copy(self, kind: str = "persons") -> Path:
        return backup_files.key_copies_in(self.settings.key_backup_folder, kind)[-1]

    def lies(self) -> list[str]:
        """Everything that lies where backups do."""
        folders = (self.settings.backup_folder, self.settings.key_backup_folder)
        return sorted(path.name for folder in folders for path in folder.rglob("*") if path.name != ".lock")


def variables(own: Settings) -> dict[str, str]:
    """The environment of whoever backs up and puts back."""
    return {
        **{name: told for name, told in environment(own, "migrate").items() if name.startswith(("PROG", "DATABASE_URL"))},
        "PROGRAMMES_BALLOT_KEY_FOLDER": str(own.ballot_key_folder),
        "PROGRAMMES_LOG_KEY_FOLDER": str(own.log_key_folder),
        "PROGRAMMES_BACKUP_FOLDER": str(own.backup_folder),
        "PROGRAMMES_KEY_BACKUP_FOLDER": str(own.key_backup_folder),
        "PROGRAMMES_BACKUP_RECIPIENT": ",".join(own.backup_recipients),
    }


Typed = Callable[..., Awaitable[tuple[int, str]]]
