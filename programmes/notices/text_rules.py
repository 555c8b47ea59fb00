"""What a text message says: the news of the letter, short, and as neutral: no programme, no group, no place, no name."""

from programmes.core.i18n import gettext as _
from programmes.notices.gsm_rules import EACH, plain, room
from programmes.notices.letter_rules import Facts, news

MOST_SEGMENTS = 2


def text(facts: Facts, phone: str) -> str:
    """The whole message: as much of the news as two segments hold, and always the link, where the rest stands."""
    link = f" {facts.link}" if facts.link else ""
    said = plain(_("Hej!"))
    rest = [*news(facts), _("Frågor? Ring %(phone)s.", phone=phone)]
    for sentence in rest:
        longer = f"{said} {plain(sentence)}"
        if room(longer + link) <= MOST_SEGMENTS * EACH:
            said = longer
    return said + link
