"""Which message a report of failed delivery is about (RFC 3464). No I/O."""

from email.message import EmailMessage, Message
from uuid import UUID


def bounced(report: EmailMessage) -> UUID | None:
    """The number of the notice that could not be delivered, by the Message-ID of what was sent back; None for anything else:
    a delay, an answer by a machine or a human, a report about mail that is not ours."""
    if report.get_content_type() != "multipart/report" or not _failed(report):
        return None
    for part in report.walk():
        if part.get_content_type() in {"message/rfc822", "text/rfc822-headers"} and (found := _number(part)):
            return found
    return None


def _failed(report: EmailMessage) -> bool:
    """Whether delivery has failed for good to at least one recipient; each of ours goes to one alone."""
    for part in report.walk():
        if part.get_content_type() == "message/delivery-status":
            fields = part.get_payload()
            blocks = [block for block in fields if isinstance(block, Message)] if isinstance(fields, list) else []
            if any(str(block.get("Action", "")).strip().lower() == "failed" for block in blocks):
                return True
    return False


def _number(part: EmailMessage) -> UUID | None:
    """The Message-ID of a message that was sent back, whole or with its head only."""
    content = part.get_payload()
    if isinstance(content, list):
        given = str(content[0].get("Message-ID", "")) if content and isinstance(content[0], Message) else ""
    else:
        lines = str(content).splitlines()
        given = next((line.partition(":")[2] for line in lines if line.lower().startswith("message-id:")), "")
    try:
        return UUID(given.strip().removeprefix("<").partition("@")[0])
    except ValueError:
        return None
