"""Which message a report of failed delivery is about (RFC 3464 and 6533). No I/O."""

from collections.abc import Iterator
from email import message_from_string
from email.message import EmailMessage, Message
from email.policy import default
from email.utils import parseaddr
from uuid import UUID

# What was sent back, whole or with its head only; the last two by servers that write in UTF-8 (RFC 6533).
_ORIGINAL = {"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"}
_STATUS = {"message/delivery-status", "message/global-delivery-status"}


def bounced(report: EmailMessage) -> UUID | None:
    """The number of the message that could not be delivered, by the Message-ID of what was sent back; None for anything
    else: a delay, an answer by a machine or a human, a report about mail that is not ours."""
    if report.get_content_type() != "multipart/report" or not _failed(report):
        return None
    return next((found for head in _originals(report) if (found := _number(head))), None)


def sent_to(report: EmailMessage) -> str:
    """The address that it was sent to, as it stood there; empty where that was not sent back."""
    return next((found for head in _originals(report) if (found := parseaddr(str(head.get("To", "")))[1])), "")


def _failed(report: EmailMessage) -> bool:
    """Whether delivery has failed for good to at least one recipient; each of ours goes to one alone."""
    return any(
        _action(block) == "failed" for part in report.walk() if part.get_content_type() in _STATUS for block in _blocks(part)
    )


def _blocks(part: Message) -> list[Message]:
    """The groups of fields of a status: parsed already, or as the text that they are where the type is unknown to the
    library or the part is encoded."""
    content = part.get_payload()
    found = [block for block in content if isinstance(block, Message)] if isinstance(content, list) else []
    if any("Action" in block for block in found):
        return found
    return [_head(text) for text in _text(part).split("\n\n")]


def _action(block: Message) -> str:
    """Without the comment that may follow (RFC 3464, 2.3.3; RFC 5322, 3.2.2)."""
    return str(block.get("Action", "")).partition("(")[0].strip().lower()


def _originals(report: EmailMessage) -> Iterator[Message]:
    """The heads of what was sent back, whole or with its head only."""
    for part in report.walk():
        if part.get_content_type() in _ORIGINAL:
            content = part.get_payload()
            whole = content[0] if isinstance(content, list) and content and isinstance(content[0], Message) else None
            yield whole if whole is not None and "Message-ID" in whole else _head(_text(part))


def _number(head: Message) -> UUID | None:
    """The number in its Message-ID."""
    given = "".join(str(head.get("Message-ID", "")).split())
    try:
        return UUID(given.removeprefix("<").partition("@")[0])
    except ValueError:
        return None


def _head(text: str) -> Message:
    return message_from_string(text.lstrip("\n"), policy=default)


def _text(part: Message) -> str:
    """What a part says, whatever it is encoded by. What the library has parsed as a message before decoding it is one
    without fields, whose text is the code."""
    content = part.get_payload()
    if isinstance(content, list):
        inner = content[0] if content and isinstance(content[0], Message) else Message()
        coded = Message()
        coded["Content-Transfer-Encoding"] = str(part.get("Content-Transfer-Encoding", "7bit"))
        coded.set_payload(inner.as_string().lstrip("\n") if not inner.keys() else inner.get_payload())
        part = coded
    raw = part.get_payload(decode=True)
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(part.get_payload())
    return text.replace("\r\n", "\n")
