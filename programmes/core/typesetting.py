"""Paper as PDF, set by Typst from a sheet that lies beside the pages it belongs to."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst


def typeset(sheet: Path, data: Mapping[str, Any]) -> bytes:
    """The sheet as a tagged PDF, which a screen reader can read. It takes some tenths of a second: call it in a thread.

    What the paper says goes in as data, never as the typesetter's own language.
    """
    made: bytes = typst.compile(sheet.read_bytes(), format="pdf", sys_inputs={"data": json.dumps(dict(data))})
    return made
