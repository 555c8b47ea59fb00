"""What a key folder says of putting a backup back, and of which database is the right one.

Marks in the folder, since no database that is put back overwrites them. `core.restoring`, `core.which_database` and the
worker say when each is set.
"""

from datetime import datetime
from pathlib import Path
from typing import Literal

from programmes.core.key_files import away_when_refused
from programmes.core.key_paths import KeysAway, Spot

_RESTORING, _RESTORED, _UNCONFIRMED, _SIGNED_OUT = "restoring", "restored", "unconfirmed", "signed-out"
_CONFIRMED = "confirmed"


def restore_of(folder: Path) -> Literal["", "restoring", "restored"]:
    """What the marks in a key folder say of putting a backup back: nothing; that it goes on or broke off; that it has ended
    and what it brought back is not erased again yet. Makes nothing, not even a folder."""
    if (folder / _RESTORING).exists():
        return "restoring"
    return "restored" if (folder / _RESTORED).exists() else ""


def is_unconfirmed(folder: Path) -> bool:
    """Whether a database was put back of which nobody has said yet that it is the right one. Makes nothing."""
    return (folder / _UNCONFIRMED).exists()


def put_back_into(folder: Path) -> str:
    """The database that a backup was put back into and that nobody has confirmed yet, as `KeyFolder.note_put_back` was told;
    empty where that isn't known. Makes nothing."""
    return _said(folder, _UNCONFIRMED)


def confirmed_in(folder: Path) -> str:
    """The database that somebody has said is the right one, as `KeyFolder.confirm_restored` was told; empty where nobody
    has. Makes nothing."""
    return _said(folder, _CONFIRMED)


def _said(folder: Path, name: str) -> str:
    try:
        return (Spot(folder) / name).read().decode("ascii", "replace").strip()
    except (OSError, KeysAway):
        return ""


class RestoreMarks:
    """The marks of one key folder, as part of `sealing.KeyFolder`."""

    _folder: Path

    def _at(self, *names: str) -> Spot:
        return Spot(self._folder, names)

    def mark_restoring(self) -> None:
        """Say that a backup is being put back (`core.restoring`), and that its rows will have to be erased again."""
        self.mark_restored()
        self._at(_RESTORING).touch()
        self._at().sync()

    def unmark_restoring(self) -> None:
        """Say that it has been put back, whole."""
        self._at(_RESTORING).unlink()
        self._at().sync()

    def is_restoring(self) -> bool:
        """Whether a backup is being put back, or that broke off."""
        return restore_of(self._folder) == "restoring"

    def mark_restored(self) -> None:
        """Say that the database may hold what had been erased (`core.restoring`), and may be the wrong one: until somebody
        says that it is the right one, no key goes because it has no row."""
        self._at(_UNCONFIRMED).touch()
        self._at(_RESTORED).touch()
        self._at().sync()

    def note_put_back(self, into: str) -> None:
        """Say which database it was put back into (`core.which_database`)."""
        self._at(_UNCONFIRMED).replace(into.encode())
        self._at().sync()

    def unmark_restored(self) -> None:
        """Say that what a backup had brought back has been erased again."""
        self._at(_RESTORED).unlink()
        self._at().sync()

    def note_signed_out(self, now: datetime) -> None:
        """Say that whoever was signed in until now is no longer: the database was put back."""
        self._at(_SIGNED_OUT).replace(now.isoformat().encode())
        self._at().sync()

    def signed_out_at(self) -> datetime | None:
        """What `note_signed_out` was told last."""
        with away_when_refused():
            try:
                return datetime.fromisoformat(self._at(_SIGNED_OUT).read().decode("ascii", "replace"))
            except (FileNotFoundError, ValueError):
                return None

    def confirm_restored(self, database: str) -> None:
        """Somebody says that this database is the right one (`core.which_database`). Whoever is on another one stays away
        from then on."""
        self.note_right(database)
        self._at(_UNCONFIRMED).unlink()
        self._at().sync()

    def note_right(self, database: str) -> None:
        """Say which database the right one is."""
        self._at(_CONFIRMED).replace(database.encode())
        self._at().sync()

    def is_unconfirmed(self) -> bool:
        """Whether a database was put back of which nobody has said so."""
        return is_unconfirmed(self._folder)

    def waits_for_restore(self) -> bool:
        """Whether a backup is being put back, that broke off, or what it brought back has not been erased again yet."""
        return restore_of(self._folder) != ""
