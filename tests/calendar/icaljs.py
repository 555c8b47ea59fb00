"""ical.js for the tests' browser, the very release that `requirements/javascript` names. `make test` fetches it beforehand.

npm installs it, and holds it to the lock's digest; as root on Debian it is fetched where there is none.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from tests.browser import from_debian, on_debian, run

_ROOT = Path(__file__).parents[2]
_LISTED = _ROOT / "requirements" / "javascript"
_FILE = "dist/ical.js"


class NoReader(Exception):
    """ical.js is not there and could not be fetched; the message says why."""


def _locked(lock: Path) -> tuple[str, str]:
    """The release that the lock names, and its digest as npm writes it."""
    entry = json.loads(lock.read_text(encoding="utf-8"))["packages"]["node_modules/ical.js"]
    return entry["version"], entry["integrity"]


def _by_npm(npm: str, listed: Path) -> bytes:
    """npm checks the digest itself, and runs nothing of what it installs."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(listed / name, folder)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
        if done.returncode:
            raise NoReader(f"npm could not install ical.js: {done.stderr.strip()}")
        return (Path(folder) / "node_modules" / "ical.js" / _FILE).read_bytes()


def _npm() -> str:
    """npm, as root on Debian fetched when it is missing."""
    found = shutil.which("npm")
    if found is None and os.geteuid() == 0 and on_debian():
        run(from_debian("npm"))
        found = shutil.which("npm")
    if found is None:
        raise NoReader("npm is missing, with which it is installed. Install Node.js with npm and run again.")
    return found


def ensure() -> Path:
    """Where ical.js lies; it is fetched unless it is there already.

    Raises:
        NoReader: it can't be had.
    """
    _version, integrity = _locked(_LISTED / "package-lock.json")
    place = Path(sys.prefix) / "javascript" / f"ical-{hashlib.sha256(integrity.encode()).hexdigest()[:16]}.js"
    if not place.exists():
        found = _by_npm(_npm(), _LISTED)
        place.parent.mkdir(exist_ok=True)
        half = place.with_suffix(".part")
        half.write_bytes(found)
        half.replace(place)
    return place


@cache
def source() -> str:
    """The module's text. Raises NoReader."""
    return ensure().read_text(encoding="utf-8")


if __name__ == "__main__":
    try:
        print(f"tests: ical.js {_locked(_LISTED / 'package-lock.json')[0]} lies in {ensure()}")
    except NoReader as error:
        sys.exit(f"tests: calendars are read by ical.js too. {error}")
