"""The paper of an extract as PDF, set by Typst from the sheet beside this module."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

_PAPER = Path(__file__).with_name("extract.typ")


def printed(paper: Mapping[str, Any]) -> bytes:
    """The paper as a tagged PDF, which a screen reader can read. It takes some tenths of a second: call it in a thread.

    What the paper says goes in as data, never as the typesetter's own language.
    """
    made: bytes = typst.compile(_PAPER.read_bytes(), format="pdf", sys_inputs={"data": json.dumps(dict(paper))})
    return made
