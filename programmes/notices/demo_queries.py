"""Reads the folder that messages land in when there is no mail server (demo)."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path


@dataclass(frozen=True)
class DemoMail:
    """A message as its reader would see it."""

    number: str
    to: str
    subject: str
    language: str
    sent_at: datetime
    # Each with the link to the service that it has, if it does, and what comes after.
    lines: tuple[tuple[str, str, str], ...]


async def newest(folder: Path, most: int, base_url: str) -> list[DemoMail]:
    """The newest messages of a folder, newest first; none if the folder is not there."""
    return await asyncio.to_thread(_newest, folder, most, base_url)


def _newest(folder: Path, most: int, base_url: str) -> list[DemoMail]:
    paths = sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns, reverse=True) if folder.is_dir() else []
    return [_read(path, base_url) for path in paths[:most]]


def _read(path: Path, base_url: str) -> DemoMail:
    message = message_from_bytes(path.read_bytes(), policy=default)
    body = message.get_body(("plain",))
    text = str(body.get_content()) if body else ""
    date = message["Date"]
    return DemoMail(
        path.stem,
        str(message["To"]),
        str(message["Subject"]),
        str(message["Content-Language"] or "sv"),
        date.datetime.astimezone(UTC) if date else datetime.fromtimestamp(path.stat().st_mtime, UTC),
        tuple(_parted(line, base_url) for line in text.strip().splitlines() if line),
    )


def _parted(line: str, base_url: str) -> tuple[str, str, str]:
    """A sentence ends in its full stop, not the address in it."""
    said, found, rest = line.partition(f"{base_url}/")
    path = rest.split(" ", 1)[0].rstrip(".,:;!?)") if found else ""
    return said, found + path, rest[len(path) :]
