"""What of a programme has been shown in words, to be struck."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal
from uuid import UUID

from programmes.core.db import fetch


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
        return sha256(f"{self.kind} {self.release_id} {self.comment_id} {self.words}".encode()).hexdigest()[:32]


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
