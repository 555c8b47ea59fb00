"""Files of a backup: encrypted as they are written, and whole on the disk before they bear their name."""

import errno
import hashlib
import io
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pyrage
from pyrage.x25519 import Identity, Recipient

from programmes.backup import BackupError, NotBegun
from programmes.core import backup_files
from programmes.core.backup_files import DRAFT, FileFacts
from programmes.core.sealing import sync_folder

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS}


class Readable(Protocol):
    """What can be read in blocks: a file, or the output of a program."""

    def read(self, size: int = ..., /) -> bytes: ...


class Writable(Protocol):
    """What can be written to: a file, or the input of a program."""

    def write(self, block: bytes, /) -> int: ...


@contextmanager
def disk_in_words(folder: Path) -> Iterator[None]:
    """What a disk refuses, as a BackupError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            told = f"The disk of {folder} is full. Make room, or name another folder."
        elif error.errno in _CLOSED:
            told = f"This account may not write in {folder}. Give it the right, or run it as the account of the worker."
        else:
            told = f"{folder} cannot be written: {os.strerror(error.errno or 0)}."
        raise BackupError(f"{told} Nothing is left half done; earlier backups are as they were.") from error


class Sink:
    """A new file that only its owner reads, which counts and digests what is written to it."""

    def __init__(self, path: Path) -> None:
        self.refused: OSError | None = None
        self._size, self._digest = 0, hashlib.sha256()
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)

    def write(self, block: bytes) -> int:
        """Write all of it. Who encrypts repeats an error only in words, or not at all, so it is kept here too."""
        left = memoryview(block)
        try:
            while left:
                left = left[os.write(self._handle, left) :]
        except OSError as error:
            self.refused = error
            raise
        self._size += len(block)
        self._digest.update(block)
        return len(block)

    def flush(self) -> None:
        """Nothing is kept back."""

    def finish(self) -> FileFacts:
        """Have it on disk, whole.

        Raises:
            OSError: the disk refused any of it, whether or not somebody said so before.
        """
        if self.refused:
            raise self.refused
        os.fsync(self._handle)
        if os.fstat(self._handle).st_size != self._size:
            raise OSError(errno.EIO, "The file is not as long as what was written.")
        return FileFacts(self._size, self._digest.hexdigest())

    def close(self) -> None:
        os.close(self._handle)


def recipients_of(keys: Sequence[str]) -> list[Recipient]:
    """To whom is encrypted. Raises BackupError for what is no key of age."""
    try:
        return [Recipient.from_str(key) for key in keys]
    except pyrage.RecipientError:
        raise BackupError("PROGRAMMES_BACKUP_RECIPIENT is no public key of age: a sign of it is wrong.") from None


def identities_of(text: str) -> list[Identity]:
    """The private keys in a file as `age-keygen` writes it. Raises NotBegun when there is none."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    try:
        found = [Identity.from_str(line) for line in lines]
    except pyrage.IdentityError:
        found = []
    if not found:
        raise NotBegun("The identity is no private key of age (a line AGE-SECRET-KEY-1…), as age-keygen writes it.")
    return found


def seal(source: Readable, path: Path, recipients: list[Recipient]) -> FileFacts:
    """Encrypt all that is read into a new file.

    Raises:
        OSError: the disk refuses.
    """
    sink = Sink(path)
    try:
        # pyrage says nothing when the last block, and so all of a small file, could not be written: `finish` does.
        pyrage.encrypt_io(source, sink, recipients)
        return sink.finish()
    except pyrage.EncryptError as error:
        raise sink.refused or BackupError("It could not be encrypted.") from error
    finally:
        sink.close()


def seal_bytes(content: bytes, path: Path, recipients: list[Recipient]) -> FileFacts:
    """Encrypt into a new file. Raises OSError when the disk refuses."""
    return seal(io.BytesIO(content), path, recipients)


def open_into(path: Path, into: Writable, identities: list[Identity]) -> None:
    """Decrypt a file into something.

    Raises:
        NotBegun: it is for another key.
        BackupError: it is cut short or altered. What was written until then is no whole content.
    """
    with path.open("rb") as sealed:
        try:
            pyrage.decrypt_io(sealed, into, identities)
        except (pyrage.DecryptError, OSError) as error:
            if "No matching keys" in str(error):
                raise NotBegun(f"{path.name} does not open with this identity: it is for another key.") from None
            raise BackupError(f"{path.name} is cut short or altered, and does not open. Take another backup.") from error


def open_bytes(path: Path, identities: list[Identity]) -> bytes:
    """What a file holds, decrypted in memory. Raises BackupError as `open_into`."""
    into = io.BytesIO()
    open_into(path, into, identities)
    return into.getvalue()


def must_be_no_link(path: Path) -> None:
    """A link in a backup could lead anywhere, and no program of ours makes any. Raises BackupError."""
    if path.is_symlink():
        raise BackupError(f"{path.name} is a link, and no backup holds one. Find out who has made it; take another backup.")


def facts_of(path: Path) -> FileFacts:
    """A file as it lies there. Raises BackupError when it is not, or a link is."""
    must_be_no_link(path)
    try:
        return backup_files.facts_of(path)
    except OSError:
        raise BackupError(f"{path.name} is not there, or cannot be read: this is no whole backup.") from None


def write_whole(path: Path, content: bytes) -> None:
    """A new file, on disk before returning."""
    sink = Sink(path)
    try:
        sink.write(content)
        sink.finish()
    finally:
        sink.close()


def take_name(draft: Path, name: Path) -> None:
    """What is whole gets its name, on disk before returning."""
    if draft.is_dir():
        sync_folder(draft)
    draft.rename(name)
    sync_folder(name.parent)


def remove(path: Path) -> None:
    """A file or a folder, if it is there. A folder loses its name first, so that half of one is never taken for a backup."""
    if path.is_dir() and not path.name.startswith(DRAFT):
        path = path.rename(path.with_name(f"{DRAFT}{path.name}"))
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
