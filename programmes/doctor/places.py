"""Where keys of entries and persons lie below the key folder, and what lies there that is none."""

import re
import stat
from pathlib import PurePath

# What programs of ours make there: a key, what lies beside it while it is rotated or written, and the same aside.
_KINDS, _KEY = "(entry|person)", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(key|next|last)"
_DAY = r"aside/[0-9]{4}-[0-9]{2}-[0-9]{2}"
_OUR_FILES = re.compile(rf"{_KINDS}/[0-9a-f]{{2}}/({_KEY}|\.{_KEY}\.[0-9a-f]{{16}})|{_DAY}/{_KINDS}/{_KEY}")
_OUR_FOLDERS = re.compile(rf"{_KINDS}(/[0-9a-f]{{2}})?|aside|{_DAY}(/{_KINDS})?")
_OUR_PLACES = re.compile(rf"({_KINDS}|aside)(/|$)")


def is_ours(path: PurePath) -> bool:
    """Whether it is a place of keys of entries and persons, or one below."""
    return _OUR_PLACES.match(path.as_posix()) is not None


def is_stray(path: PurePath, mode: int) -> bool:
    """Whether something that is no link lies in our places and is none of ours: also a file in the place of a folder. A
    folder in that of a key is told of by itself."""
    if not is_ours(path) or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return False
    if stat.S_ISDIR(mode) and _OUR_FILES.fullmatch(path.as_posix()):
        return False
    return (_OUR_FOLDERS if stat.S_ISDIR(mode) else _OUR_FILES).fullmatch(path.as_posix()) is None
