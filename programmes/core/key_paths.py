"""Files below a folder of keys, reached step by step from that folder, and never through a link (decision 70).

Web may write in the folder that it shares with the worker. Whatever it puts there, the worker reads, changes and removes
files of that folder only: each folder on the way is opened in the one before, without following a symbolic link, and what
is opened must be a file. The folder itself, and what lies above it, is the administrator's, and may be a link.
"""

import contextlib
import errno
import fcntl
import os
import secrets
import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# A pipe in the place of a file would hold up who opens it.
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NO_FILE = "a link, or something else that is no file, lies in a folder of keys: programmes doctor counts them"


class KeysAway(Exception):
    """Nothing can be said of what is sealed: the folder of the keys is gone, is another one, or a file in it is closed to
    this process or damaged. It passes when that is mended, so nobody may take it for an erasure. Names no key."""


class ServiceKeyAway(KeysAway):
    """One long-lived key of the service is away, or its file is damaged; all others are as they were: what needs none of it
    goes on."""

    def __init__(self, name: str, damaged: bool = False) -> None:
        said = f"the key `{name}` is damaged" if damaged else f"the key `{name}` is not in the folder, where it was"
        super().__init__(said)
        self.name = name


def which_is_away(error: Exception) -> dict[str, str]:
    """What a log says of an error beside its class: of a service's key that is away its name, which is nobody's."""
    return {"key": error.name} if isinstance(error, ServiceKeyAway) else {}


class NoFile(KeysAway):
    """What lies in the very place of a file is none: a link, a folder, a pipe. What lies beside it is as it was."""

    def __init__(self) -> None:
        super().__init__(_NO_FILE)


def reason(error: OSError) -> str:
    """What the system says of a file, in its own words: they name nothing."""
    return error.strerror or type(error).__name__


def sync_folder(folder: Path) -> None:
    """Put a folder's entries on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def is_shared(mode: int) -> bool:
    """Whether a folder of this mode is given to its group: by the setgid bit, which nobody sets by accident, and which
    what is made in it inherits."""
    return bool(mode & stat.S_ISGID) and mode & stat.S_IRWXG == stat.S_IRWXG


def _share_file(handle: int, folder: int) -> None:
    """Let the group of a folder that is shared at a file just made in it. The umask of the accounts that share it is 077."""
    if is_shared(os.fstat(folder).st_mode) and os.fstat(handle).st_uid == os.geteuid():
        os.fchmod(handle, 0o660)


def make_private(folder: Path) -> None:
    """Make a folder, and every one above it that is missing, for its owner only, or as the shared folder that it lies in is,
    and have them on disk. For the administrator's folders: below a folder of keys it is `Spot` that makes them."""
    missing = [above for above in (folder, *folder.parents) if not above.exists()]
    for made in reversed(missing):
        # `mkdir` gives its mode to the last folder only; those above it would be open by the umask.
        with contextlib.suppress(FileExistsError), _umask_for(made.parent.stat().st_mode) as mode:
            made.mkdir(mode=mode)
        sync_folder(made.parent)


_ONE_UMASK = threading.Lock()


@contextlib.contextmanager
def _umask_for(above: int) -> Iterator[int]:
    """The mode of a folder that is made in one of this mode, with an umask that lets it be that. The setgid bit is
    inherited; setting it with `chmod` is what a hardened unit forbids (RestrictSUIDSGID)."""
    if not is_shared(above):
        yield 0o700
        return
    with _ONE_UMASK:
        before = os.umask(0o007)
        try:
            yield 0o770
        finally:
            os.umask(before)


@contextlib.contextmanager
def _no_links(instead: KeysAway) -> Iterator[None]:
    """What the system says of a link where it may follow none, and of what else can't be opened as a file."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR, errno.ENXIO}:
            raise instead from error
        raise


@dataclass(frozen=True, order=True)
class Spot:
    """Where a file or a folder lies, or might lie, in a folder of keys.

    Everything here raises KeysAway where a link or something else that is no file lies on the way or at its end.
    """

    root: Path
    parts: tuple[str, ...] = ()

    def __truediv__(self, name: str) -> "Spot":
        if "/" in name or name in {"", ".", ".."}:
            raise ValueError(name)
        return Spot(self.root, (*self.parts, name))

    @property
    def parent(self) -> "Spot":
        return Spot(self.root, self.parts[:-1])

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix

    @property
    def path(self) -> Path:
        """For messages, and for who made the folder."""
        return self.root.joinpath(*self.parts)

    def with_suffix(self, suffix: str) -> "Spot":
        return self.parent / PurePosixPath(self.name).with_suffix(suffix).name

    def read(self) -> bytes:
        """Raises FileNotFoundError, another OSError where it is closed to us."""
        return self.read_from(0)[0]

    def read_from(self, start: int) -> tuple[bytes, os.stat_result]:
        """What comes from a place on, and what is told of the very file that was read."""
        with self._opened(os.O_RDONLY) as (handle, _folder), open(handle, "rb", closefd=False) as file:
            told = os.fstat(handle)
            file.seek(start)
            return file.read(), told

    def told(self) -> os.stat_result:
        """What the disk tells of it. Raises FileNotFoundError."""
        with self.parent._entered() as folder:
            found = os.stat(self.name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(found.st_mode):
            raise NoFile
        return found

    def exists(self) -> bool:
        """Whether a file lies here."""
        try:
            self.told()
        except FileNotFoundError:
            return False
        return True

    def write(self, content: bytes, mode: int = 0o600) -> None:
        """Write a file that only its owner, or the group of a shared folder, may read, or whom a wider mode lets, and have
        it on disk, whole, before returning.

        Raises:
            FileExistsError: there is one already; it is left alone.
        """
        with self._drafted(content, mode) as (draft, folder):
            # Of a draft that was exchanged for a link it is that link which gets the name, and nobody follows it.
            os.link(draft, self.name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)

    def replace(self, content: bytes) -> None:
        """The same, in the place of what lies here."""
        with self._drafted(content, 0o600) as (draft, folder):
            os.replace(draft, self.name, src_dir_fd=folder, dst_dir_fd=folder)

    @contextlib.contextmanager
    def _drafted(self, content: bytes, mode: int) -> Iterator[tuple[str, int]]:
        with self.parent._entered(make=True) as folder:
            draft = f".{self.name}.{secrets.token_hex(8)}"
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FILE, 0o600, dir_fd=folder)
            try:
                with open(handle, "wb") as out:
                    _share_file(handle, folder)
                    if mode != 0o600:
                        os.fchmod(handle, mode)
                    out.write(content)
                    out.flush()
                    os.fsync(handle)
                yield draft, folder
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(draft, dir_fd=folder)
            os.fsync(folder)

    @contextlib.contextmanager
    def appending(self) -> Iterator[int]:
        """The file, made when there is none, open to be read and added to; on disk afterwards. It has no other name: what
        is added goes nowhere else."""
        with self._opened(os.O_RDWR | os.O_CREAT | os.O_APPEND) as (handle, folder):
            if os.fstat(handle).st_nlink != 1:
                raise KeysAway(_NO_FILE)
            _share_file(handle, folder)
            yield handle
            os.fsync(handle)
            os.fsync(folder)

    def touch(self) -> None:
        """An empty file, unless one lies here."""
        with self._opened(os.O_WRONLY | os.O_CREAT) as (_handle, folder):
            os.fsync(folder)

    @contextlib.contextmanager
    def _opened(self, flags: int) -> Iterator[tuple[int, int]]:
        """The file, and the folder that it lies in."""
        with self.parent._entered() as folder:
            with _no_links(NoFile()):
                handle = os.open(self.name, flags | _FILE, 0o600, dir_fd=folder)
            try:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise NoFile
                yield handle, folder
            finally:
                os.close(handle)

    def unlink(self) -> bool:
        """Remove the file that lies here; whether there was any. `sync` has it on disk.

        Anything else stays: nobody may say of a key that it is destroyed because a link to it is.
        """
        try:
            with self.parent._entered() as folder:
                if not stat.S_ISREG(os.stat(self.name, dir_fd=folder, follow_symlinks=False).st_mode):
                    raise NoFile
                os.unlink(self.name, dir_fd=folder)
        except FileNotFoundError:
            return False
        return True

    def rename(self, to: "Spot") -> None:
        """Give it another name, in the place of what has that."""
        self._both(to, os.replace)

    def link(self, to: "Spot") -> None:
        """Give it a second name."""
        self._both(to, lambda *names, **folders: os.link(*names, **folders, follow_symlinks=False))

    def _both(self, to: "Spot", do: Callable[..., None]) -> None:
        with self.parent._entered() as ours, to.parent._entered() as theirs:
            do(self.name, to.name, src_dir_fd=ours, dst_dir_fd=theirs)

    def make(self) -> None:
        """Make this folder, and those above it in the folder of keys."""
        with self._entered(make=True):
            pass

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """In this folder nobody else is inside the same block. Raises FileNotFoundError."""
        with self._entered() as folder:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield

    def sync(self) -> None:
        """Put the entries of this folder on disk. Raises FileNotFoundError."""
        with self._entered() as folder:
            os.fsync(folder)

    def rmdir(self) -> None:
        """Raises OSError unless it is an empty folder."""
        with self.parent._entered() as folder:
            os.rmdir(self.name, dir_fd=folder)

    def names(self) -> list[str]:
        """What lies in this folder; nothing where there is none."""
        try:
            with self._entered() as folder:
                return sorted(os.listdir(folder))
        except FileNotFoundError:
            return []

    def files(self, refused: Callable[[OSError], None] | None = None) -> Iterator[tuple["Spot", os.stat_result]]:
        """Every file anywhere below this folder, and what the disk tells of it; no link. `refused` hears of what cannot be
        looked into, else that is passed over."""
        with contextlib.suppress(FileNotFoundError), self._entered() as folder:
            for inside, _folders, names, handle in os.fwalk(".", dir_fd=folder, onerror=refused):
                here = Spot(self.root, (*self.parts, *PurePosixPath(inside).parts))
                for name in sorted(names):
                    with contextlib.suppress(FileNotFoundError):
                        found = os.stat(name, dir_fd=handle, follow_symlinks=False)
                        if stat.S_ISREG(found.st_mode):
                            yield here / name, found

    @contextlib.contextmanager
    def _entered(self, make: bool = False) -> Iterator[int]:
        """This folder, open."""
        if make and not self.root.exists():
            make_private(self.root)
        handle = os.open(self.root, _FOLDER)
        try:
            for part in self.parts:
                below = _below(handle, part, make)
                os.close(handle)
                handle = below
            yield handle
        finally:
            os.close(handle)


def _below(above: int, name: str, make: bool) -> int:
    """A folder in an open one."""
    with _no_links(KeysAway(_NO_FILE)):
        try:
            return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=above)
        except FileNotFoundError:
            if not make:
                raise
    with contextlib.suppress(FileExistsError), _umask_for(os.fstat(above).st_mode) as mode:
        os.mkdir(name, mode, dir_fd=above)
    os.fsync(above)
    return _below(above, name, make=False)
