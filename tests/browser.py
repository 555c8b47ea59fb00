"""The one place that finds a browser. `python -m tests.browser` fetches one where there is none (`make test` does that)."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.async_api import Browser, Playwright, async_playwright

# The engine without windows is several times quicker to open a page; a whole browser will do.
_SHELL = "chromium-headless-shell"
_KNOWN = (_SHELL, "chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_ARGUMENTS = (
    # Nothing outside this machine exists for the browser: a page that asks for it shows in the test.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--disable-gpu",
    "--disable-software-rasterizer",
)


class NoBrowser(Exception):
    """There is no browser and none could be fetched; what was tried stands above on the screen."""


def executable() -> str | None:
    """A Chromium of this machine, or None: then Playwright's own is asked for."""
    return next((found for name in _KNOWN if (found := shutil.which(name))), None)


async def launch(playwright: Playwright) -> Browser:
    """A browser without a screen and without a network.

    Raises:
        playwright.async_api.Error: there is none, or it does not start.
    """
    # Chromium's sandbox refuses to run as root.
    arguments = [*_ARGUMENTS, "--no-sandbox"] if os.geteuid() == 0 else [*_ARGUMENTS]
    return await playwright.chromium.launch(executable_path=executable(), args=arguments)


async def _version() -> str:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        try:
            return browser.version
        finally:
            await browser.close()


def _starts() -> str:
    """The version of a browser that starts, or an empty text."""
    try:
        return asyncio.run(_version())
    except Exception:
        return ""


def on_debian() -> bool:
    """Whether this is Debian, whose packages `apt-get` installs."""
    release = Path("/etc/os-release")
    return release.exists() and "ID=debian" in release.read_text(encoding="utf-8").splitlines()


# A machine that reaches no archive finds out soon.
_APT = ["apt-get", "-q", "-o", "Acquire::http::Timeout=20", "-o", "Acquire::Retries=0"]
_OWN = [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]


def from_debian(package: str) -> list[list[str]]:
    """The commands that install a package of Debian's, as root."""
    return [[*_APT, "update"], [*_APT, "install", "-y", "--no-install-recommends", package]]


def _ways_to_fetch() -> list[list[list[str]]]:
    """Lists of commands, to be tried in this order."""
    if os.geteuid() != 0:
        return [[_OWN]]
    if on_debian():
        return [from_debian(_SHELL), from_debian("chromium"), [_OWN]]
    return [[[*_OWN[:-1], "--with-deps", "chromium"]], [_OWN]]


def run(commands: list[list[str]]) -> None:
    """One command after the other, until one fails."""
    for command in commands:
        print("tests: fetching:", " ".join(command), flush=True)
        if subprocess.run(command, check=False, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}).returncode:
            return


def ensure() -> str:
    """Fetch a browser unless one starts already, on Debian as root the quick one; returns its version.

    Raises:
        NoBrowser: nothing that was tried gave one that starts.
    """
    ways = _ways_to_fetch()
    if shutil.which(_SHELL) is None and ways[0] == from_debian(_SHELL):
        run(ways.pop(0))
    if version := _starts():
        return version
    for commands in ways:
        run(commands)
        if version := _starts():
            return version
    raise NoBrowser("the journeys need a browser, and none starts here. Install Chromium and run again.")


if __name__ == "__main__":
    try:
        print(f"tests: the browser is Chromium {ensure()}")
    except NoBrowser as error:
        sys.exit(f"tests: {error}")
