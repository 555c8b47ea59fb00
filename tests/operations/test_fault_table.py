"""What docs/operations.md says that one sees when something fails is what the program, its pages and its proxies say."""

import re
from itertools import chain
from pathlib import Path

# Of systemd, PostgreSQL and the browser, which say it themselves.
_OF_OTHERS = ("status=226/NAMESPACE", "SYS", "status=31", "permission denied for table", "too many connections")


def _said() -> str:
    """All that may be said, strings joined that the lines of a source break."""
    there = chain(Path("programmes").rglob("*.py"), Path("templates").rglob("*.html"), Path("deploy").rglob("*"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in there if path.is_file())
    return re.sub(r'"\s*\n\s*f?"', "", text).casefold()


def _seen() -> list[str]:
    """What stands as quoted in the first column, without what a setting or a signal is called."""
    page = Path("docs/operations.md").read_text(encoding="utf-8")
    table = page.partition("| you see | because | do |")[2].partition("\n\n")[0]
    cells = [line.split(" | ")[0] for line in table.splitlines()[2:]]
    quoted = chain.from_iterable(re.findall(r"`([^`]+)`|(?<!\*)\*([^*]+)\*", cell) for cell in cells)
    return [re.sub(r"DATABASE_URL|SIGTERM|^programmes", "…", code or words) for code, words in quoted]


def test_every_message_of_the_table_of_faults_is_one_that_is_said() -> None:
    said = _said()
    seen = [one for one in _seen() if not one.startswith(_OF_OTHERS)]
    assert len(seen) > 20
    for told in seen:
        parts = [part.strip(" .:()") for part in re.split("…|`", told)]
        for part in (part for part in parts if len(part) > 5):
            assert part.casefold() in said, told
