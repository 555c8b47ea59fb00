"""The file that the archive takes over: a ZIP with one JSON object a line and a list of checksums. Pure."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from programmes.core.clock import local

FORMAT = "programmes-archive/1"
# So much of the file's SHA-256, in hexadecimal digits, is typed from the archive's receipt.
TYPED = 16
_ABOUT = """Records of people, handed over to the archive before they were erased in the service.

records.jsonl   one record a line, JSON, UTF-8; dates as ISO 8601, moments in local time with their offset
manifest.json   what this is, from where, when, how many records, and the SHA-256 and length of records.jsonl

The meaning of every field is in docs/retention.md of the service.
"""


def packed(records: Sequence[Mapping[str, Any]], municipality: str, batch: str, made_at: datetime) -> bytes:
    """The file. The same records, made at the same moment, are the same bytes, so that its checksum can be made again."""
    lines = "".join(json.dumps(one, ensure_ascii=False, sort_keys=True) + "\n" for one in records).encode()
    manifest = {
        "format": FORMAT,
        "municipality": municipality,
        "batch": batch,
        "made": local(made_at).isoformat(),
        "records": len(records),
        "files": [{"name": "records.jsonl", "bytes": len(lines), "sha256": hashlib.sha256(lines).hexdigest()}],
    }
    stored = io.BytesIO()
    # Not compressed: what a later library would press otherwise would have another checksum.
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as archive:
        for name, content in (
            ("README.txt", _ABOUT.encode()),
            ("manifest.json", (json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()),
            ("records.jsonl", lines),
        ):
            entry = zipfile.ZipInfo(name, max(local(made_at).timetuple()[:6], (1980, 1, 1, 0, 0, 0)))
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, content)
    return stored.getvalue()


def shown_digest(digest: bytes) -> str:
    """A checksum in groups of four, to be read aloud and compared."""
    text = digest.hex()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def typed_fits(typed: str, digest: bytes) -> bool:
    """Whether what was typed is the beginning of a checksum, long enough to mean no other file."""
    plain = "".join(typed.split()).lower()
    return len(plain) >= TYPED and digest.hex().startswith(plain)
