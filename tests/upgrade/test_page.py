"""docs/operations.md (Upgrade) says what `programmes migrate` says, and how it ends."""

import re
from pathlib import Path

from programmes.upgrading.plan import NOTHING, PENDING, REFUSED

ROOT = Path(__file__).resolve().parents[2]
CHAPTER = (ROOT / "docs" / "operations.md").read_text("utf-8").partition("\n## Upgrade\n")[2].partition("\n## ")[0]


def test_what_it_is_said_to_say_it_says() -> None:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "programmes" / "upgrading").glob("*.py"))
    said = " ".join(re.sub(r'"\s*f?"', "", source).split())
    rows = re.findall(r"^\| ([^|]+) \|", CHAPTER.partition("| it says |")[2].partition("\n\n")[0], re.MULTILINE)
    assert len(rows) == 4
    for phrase in (part.strip(" .,:") for row in rows for part in row.split("…")[:2] if part.strip()):
        assert phrase in said, phrase


def test_how_it_ends_is_as_it_is_said() -> None:
    rows = dict(re.findall(r"^\| (\d) \| ([^|]+) \|$", CHAPTER, re.MULTILINE))
    assert rows == {
        str(NOTHING): "nothing is to be done",
        str(PENDING): "something would be done",
        str(REFUSED): "it would be refused, or the database does not answer",
        "2": "the command line or a setting is wrong",
    }


def test_what_it_names_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"`make (\w+)", CHAPTER):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for path in re.findall(r"`((?:tests|programmes)/[^`]+)`", CHAPTER):
        assert (ROOT / path).exists(), path
