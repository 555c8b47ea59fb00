"""The worker and the folder that its messages land in."""

from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import lru_cache
from pathlib import Path

from programmes import worker
from programmes.cohorts.queries import CohortFacts
from programmes.notices import queries


@dataclass
class Mail:
    """The worker and the folder that its messages land in."""

    worker: worker.Worker
    folder: Path

    async def work(self) -> None:
        await worker.drain(self.worker)

    def to(self, address: str) -> list[str]:
        """Texts to an address, in no order."""
        return [text_of(message) for message in self.all() if message["To"] == address]

    def all(self) -> list[EmailMessage]:
        return [read(path) for path in sorted(self.folder.glob("*.eml"))] if self.folder.exists() else []


def read(path: Path) -> EmailMessage:
    return _parsed(path.read_bytes())


@lru_cache(maxsize=1000)
def _parsed(content: bytes) -> EmailMessage:
    """Tests read the whole folder anew after each step, and parsing takes longer than what was tried."""
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body
    return str(body.get_content())


async def states(cohort: CohortFacts) -> list[tuple[str, str]]:
    return sorted((r.kind, r.state) for r in await queries.reached(cohort.cohort_id))
