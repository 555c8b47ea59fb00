"""A message as mail: subject and paragraphs, text and HTML alike. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from programmes.core.i18n import gettext as _
from programmes.core.i18n import language


@dataclass(frozen=True)
class Letter:
    """Subject and paragraphs; `link` stands between the news and the foot."""

    subject: str
    news: tuple[str, ...]
    link: str
    foot: tuple[str, ...]


@dataclass(frozen=True)
class Envelope:
    """From where to where, under which number."""

    sender: str
    to: str
    message_id: str
    sent_at: datetime


def compose(letter: Letter, envelope: Envelope) -> EmailMessage:
    """The message as it travels, text and HTML alike."""
    message = EmailMessage(policy=SMTP)
    message["From"] = envelope.sender
    message["To"] = envelope.to
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(envelope.sent_at)
    message["Message-ID"] = envelope.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    message.set_content(_text(letter), cte="quoted-printable")
    message.add_alternative(_html(letter), subtype="html", cte="quoted-printable")
    message["Content-Language"] = language()
    return message


def _text(letter: Letter) -> str:
    link = [_("Öppna Min plats:"), letter.link, ""] if letter.link else []
    return "\n".join([_("Hej!"), "", *letter.news, "", *link, *letter.foot, ""])


def _html(letter: Letter) -> str:
    parts = [f"<p>{escape(_('Hej!'))}</p>", *(f"<p>{_linked(line)}</p>" for line in letter.news)]
    if letter.link:
        parts.append(f'<p><a href="{escape(letter.link)}">{escape(_("Öppna Min plats"))}</a></p>')
    parts.extend(f"<p><small>{_linked(line)}</small></p>" for line in letter.foot)
    head = f'<meta charset="utf-8"><title>{escape(letter.subject)}</title>'
    return (
        f'<!doctype html>\n<html lang="{language()}">\n<head>{head}</head>\n<body>\n'
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


# An address ends before what only ends the sentence.
_ADDRESS = re.compile(r"(https?://[^\s<>\"]*[^\s<>\".,;:!?)])")


def _linked(line: str) -> str:
    """A line in which each address is a link."""
    parts = _ADDRESS.split(line)
    return "".join(f'<a href="{escape(part)}">{escape(part)}</a>' if n % 2 else escape(part) for n, part in enumerate(parts))
