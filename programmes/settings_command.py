"""`programmes settings`: every setting with its default, its meaning and where its value comes from, and no secret.

The table in `docs/settings.md` is what is read, so that people and command say the same; a test holds it to the settings.
"""

import argparse
import json
import os
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import programmes
from programmes.settings import Settings, SettingsError, read_settings

TABLE = Path(programmes.__file__).resolve().parent.parent / "docs" / "settings.md"
_ROW = re.compile(r"^\| `([A-Z_]+)` \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)
# A bracket that stands for itself begins no link: what is inside of one has none.
_LINK = re.compile(r"\[([^\[\]]*)\]\([^)]*\)")
_HIDDEN = "***"
_AS_PARAMETER = re.compile(r"(?<=password=)[^&]*", re.IGNORECASE)


@dataclass(frozen=True)
class Told:
    """A setting as it is shown: `value` is what is used, without secrets, and empty where there is none."""

    name: str
    value: str
    source: Literal["environment", "default"]
    default: str
    meaning: str


def masked(name: str, value: str) -> str:
    """A value that may be shown. Whatever stands before the last @ of an address is taken for a password from its colon on,
    however it is written."""
    if name.endswith(("_PASSWORD", "_SECRET")) and value:
        return _HIDDEN
    if not name.endswith("_URL"):
        return value
    scheme, mark, rest = value.rpartition("://") if value.count("://") == 1 else ("", "", value)
    who, at, where = rest.rpartition("@")
    if who:
        shown = f"{who.partition(':')[0]}:" if ":" in who else ""
        rest = f"{shown}{_HIDDEN}{at}{where}"
    return f"{scheme}{mark}{_AS_PARAMETER.sub(_HIDDEN, rest)}"


def _plain(text: str) -> str:
    return _LINK.sub(r"\1", text).replace("`", "")


def told(table: str, environment: Mapping[str, str]) -> Iterator[Told]:
    """Every setting, in the order of the table."""
    for name, default, meaning in _ROW.findall(table):
        usual = re.fullmatch(r"`(.*)`", default)
        given = environment.get(name)
        value = masked(name, given) if given is not None else (usual[1] if usual else "")
        yield Told(name, value, "default" if given is None else "environment", _plain(default), _plain(meaning))


def as_text(found: Sequence[Told]) -> str:
    """For people."""
    lines = []
    for one in found:
        where = "from the environment" if one.source == "environment" else "default"
        lines.append(f"{one.name} = {one.value or '(none)'}   [{where}]")
        lines += textwrap.wrap(one.meaning, 110, initial_indent="    ", subsequent_indent="    ")
        lines.append(f"    Default: {one.default}")
    return "\n".join(lines)


def _run(_: Settings | None, arguments: argparse.Namespace) -> int:
    """Print them; 2 when one is unknown or wrong, so that nothing would start."""
    try:
        table = TABLE.read_text(encoding="utf-8")
    except OSError:
        print(f"programmes: {TABLE} is not there: it belongs to the program.", file=sys.stderr)
        return 1
    found = [one for one in told(table, os.environ) if not arguments.names or one.name in arguments.names]
    if strange := sorted(set(arguments.names) - {one.name for one in found}):
        print(f"programmes: there is no setting {', '.join(strange)}", file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=1))
    else:
        print(as_text(found))
    try:
        read_settings()
    except SettingsError as error:
        print(f"programmes: {error}. With it nothing starts.", file=sys.stderr)
        return 2
    return 0


def add_to(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.set_defaults(run=_run)
