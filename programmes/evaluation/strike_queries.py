"""What of a programme has been shown in words, to be struck."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal
from uuid import UUID

from programmes.core.db import fetch


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Shown:
    """Words that are shown: what a group said (of a release; None: of one that waits), or a comment by its id."""

    kind: Literal["own_words", "comment"]
    words: str
    half_year: str
    release_id: int | None = None
    comment_id: UUID | None = None

    @property
    def key(self) -> str:
        """What a form says of it: exactly these words in this place."""
        place = _digest(f"{self.kind} {self.release_id} {self.comment_id} {self.words}")
        return place + (self._waiting if self.half_year == "" else place)

    @property
    def _waiting(self) -> str:
        return _digest(f"waits {self.words}")

    def waited_as(self, key: str) -> bool:
        """Whether the same words were named while they waited, and have been released since."""
        return self.kind == "own_words" and self.release_id is not None and key[16:] == self._waiting


async def shown(section: str) -> list[Shown]:
    """Own words and comments that are shown and not struck, newest first."""
    said = await fetch(
        """select distinct b.release_id, b.own_words, coalesce(r.half_year, '') as half_year
           from ballot b left join release r on r.id = b.release_id
           where b.section = $1 and b.own_words <> '' and b.state not in ('preparing', 'open', 'closing')
           order by b.release_id desc nulls first, b.own_words""",
        section,
    )
    comments = await fetch(
        """select id, words, half_year from release_text where section = $1 and words <> ''
           order by released_on desc, review_id, id""",
        section,
    )
    return [
        *(Shown("own_words", row["own_words"], row["half_year"], release_id=row["release_id"]) for row in said),
        *(Shown("comment", row["words"], row["half_year"], comment_id=row["id"]) for row in comments),
    ]
