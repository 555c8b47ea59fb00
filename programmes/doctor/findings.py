"""What a check found. No finding names a key, a person or a row: it counts."""

import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from programmes.settings import Settings

# `note` asks for nothing. A `fault` keeps something from working, or lets somebody see what they must not.
Level = Literal["ok", "note", "warning", "fault"]
Part = Literal["all", "web", "worker"]
_ORDER: tuple[Level, ...] = ("ok", "note", "warning", "fault")


@dataclass(frozen=True)
class Finding:
    """One line of the answer. `mend` says what to do, and is empty where there is nothing to do."""

    check: str
    level: Level
    says: str
    mend: str = ""


@dataclass(frozen=True)
class Patient:
    """What is looked at: an installation as one part of it sees it. Web sees neither ballot keys nor the log's key.

    The pool of this process is open when `database` is True, and points at `settings.database_url`.
    """

    settings: Settings
    now: datetime
    part: Part = "all"
    database: bool = True
    # Why it does not answer, by the class of the error.
    refusal: str = ""

    @property
    def worker(self) -> bool:
        return self.part != "web"


Check = Callable[[Patient], Awaitable[Sequence[Finding]]]


def worst(found: Iterable[Finding]) -> Level:
    """The gravest level among them; `ok` when there is none."""
    return max((finding.level for finding in found), key=_ORDER.index, default="ok")


def exit_code(found: Iterable[Finding]) -> int:
    """1 when there is a fault. A warning may be as somebody wants it."""
    return int(worst(found) == "fault")


def as_text(found: Sequence[Finding]) -> str:
    """For people: the gravest first, each with how to mend it."""
    lines = []
    for finding in sorted(found, key=lambda f: -_ORDER.index(f.level)):
        lines.append(f"{finding.level.upper():8}{finding.check}: {finding.says}")
        if finding.mend:
            lines.append(f"{'':8}→ {finding.mend}")
    return "\n".join(lines)


def as_json(found: Sequence[Finding]) -> str:
    """For machines: the worst level and every finding."""
    return json.dumps({"worst": worst(found), "findings": [asdict(f) for f in found]}, ensure_ascii=False, indent=1)
