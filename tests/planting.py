"""Something else in the place of a key, as somebody with web's account may put there. The key itself is kept elsewhere."""

import os
import socket
from pathlib import Path


def plant(what: str, at: Path, moved_to: Path) -> None:
    """Move the key away and put a link to that very file in its place, a folder, a pipe or a socket."""
    at.rename(moved_to)
    if what == "link":
        at.symlink_to(moved_to)
    elif what == "folder":
        (at / "x").mkdir(parents=True)
    elif what == "pipe":
        os.mkfifo(at)
    else:
        # A path of a socket may be 107 bytes long: it is named in its folder.
        with socket.socket(socket.AF_UNIX) as listening:
            here = os.open(at.parent, os.O_RDONLY)
            listening.bind(f"/proc/self/fd/{here}/{at.name}")
            os.close(here)
