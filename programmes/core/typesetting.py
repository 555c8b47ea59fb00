"""Paper as PDF, set by Typst from a sheet that lies beside the pages it belongs to."""

import json
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst


def typeset(sheet: Path, data: Mapping[str, Any], own_fonts: bool = False) -> bytes:
    """The sheet as a tagged PDF, which a screen reader can read. It takes some tenths of a second: call it in a thread.

    What the paper says goes in as data, never as the typesetter's own language. `own_fonts`: only with those that Typst
    carries, so that it is the same on every machine, and has the characters that `unprintable` knows.
    """
    given = {"data": json.dumps(dict(data))}
    made: bytes = typst.compile(sheet.read_bytes(), format="pdf", sys_inputs=given, ignore_system_fonts=own_fonts)
    return made


# A line for each character, the first of them one that no font can have: whatever is drawn as that is drawn as a box.
_PROBE = b"""
#set page(width: 100pt, height: auto, margin: 0pt)
#set text(font: "Libertinus Serif", size: 10pt)
#for one in json(bytes(sys.inputs.data)) { block(height: 10pt, spacing: 0pt, text(one)) }
"""
_NOBODYS = "\U0010fffd"
# Where a line begins, and each glyph on it by its name.
_DRAWN = re.compile(r'<g transform="translate\(0 ([\d.]+)\)"|xlink:href="#(\w+)"')


def unprintable(text: str) -> list[str]:
    """The characters of a text that `typeset` would print as boxes with its own fonts, in the order of the text, each once;
    and those that are each font's own, as another one prints something else. As slow as `typeset`."""
    asked = list(dict.fromkeys(one for one in text if ord(one) > 0x17F and not one.isspace()))
    if not asked:
        return []
    given = {"data": json.dumps([_NOBODYS, *asked])}
    drawn: bytes = typst.compile(_PROBE, format="svg", sys_inputs=given, ignore_system_fonts=True)
    lines: list[set[str]] = [set() for _one in range(len(asked) + 1)]
    at = 0
    for top, glyph in _DRAWN.findall(drawn.decode()):
        if top:
            at = round(float(top) / 10)
        else:
            lines[at].add(glyph)
    found = zip(asked, lines[1:], strict=True)
    return [one for one, glyphs in found if glyphs & lines[0] or unicodedata.category(one) == "Co"]
