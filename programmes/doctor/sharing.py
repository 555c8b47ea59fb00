"""Who else reaches a folder of keys: the accounts of the group that it is given to, and whom an access list lets in."""

import contextlib
import grp
import os
import pwd
from pathlib import Path

from programmes.core.key_paths import is_shared


def group_of(found: os.stat_result) -> tuple[str, tuple[str, ...]]:
    """The group that a folder is given to, and whose accounts are in it; by number where it has no name."""
    if not is_shared(found.st_mode):
        return "", ()
    try:
        group = grp.getgrgid(found.st_gid)
    except KeyError:
        return str(found.st_gid), ()
    first = (one.pw_name for one in pwd.getpwall() if one.pw_gid == found.st_gid)
    return group.gr_name, tuple(sorted({*group.gr_mem, *first}))


def has_name(gid: int) -> bool:
    """Whether this system knows the group."""
    try:
        grp.getgrgid(gid)
    except KeyError:
        return False
    return True


_LISTS = ("system.posix_acl_access", "system.posix_acl_default")


def has_list(path: Path) -> bool:
    """Whether an access control list lets in whom the mode doesn't tell of: with one, the bits of the group are its mask. A
    file system that knows none has none."""
    for name in _LISTS:
        with contextlib.suppress(OSError):
            os.getxattr(path, name, follow_symlinks=False)
            return True
    return False
