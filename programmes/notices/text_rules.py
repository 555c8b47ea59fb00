"""What a text message says: the news of the letter, short, and as neutral: no programme, no group, no place, no name."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from programmes.core.i18n import gettext as _
from programmes.notices.gsm_rules import EACH, plain, room
from programmes.notices.letter_fact_rules import NAMED, Facts
from programmes.notices.letter_rules import news, spare

MOST_SEGMENTS = 2


def text(facts: Facts, phone: str) -> str:
    """The whole message: all of the news, if two segments hold it, and always the link. Where they do not, fewer sessions
    are named and a sentence says where all stand; nothing is left out unsaid. What can be spared goes if there is room."""
    link = f" {facts.link}" if facts.link else ""
    chosen = next((one for one in _ever_shorter(facts) if _fits(_needed(one), link)), None)
    if chosen is None:
        return _message(_cut(_needed(facts), link)) + link
    every = [*news(chosen), _("Frågor? Ring %(phone)s.", phone=phone)]
    said = _needed(chosen)
    for sentence in every:
        if sentence in said:
            continue
        longer = [one for one in every if one in said or one == sentence]
        if not _fits(longer, link):
            break
        said = longer
    return _message(said) + link


def _ever_shorter(facts: Facts) -> Iterator[Facts]:
    """What a message can be made of. One about sessions names fewer and fewer of them, and points to where all stand."""
    yield facts
    for named in reversed(range(min(NAMED, len(facts.became)))):
        yield replace(facts, named=named)
    yield replace(facts, tangled=True)


def _needed(facts: Facts) -> list[str]:
    unneeded = spare(facts)
    return [sentence for sentence in news(facts) if sentence not in unneeded]


def _cut(sentences: Sequence[str], link: str) -> Sequence[str]:
    """The first of them, and that there is more."""
    cut = ([*sentences[:many], _("Mer står på Min plats.")] for many in reversed(range(len(sentences))))
    return next((one for one in cut if _fits(one, link)), [])


def _fits(sentences: Iterable[str], link: str) -> bool:
    return room(_message(sentences) + link) <= MOST_SEGMENTS * EACH


def _message(sentences: Iterable[str]) -> str:
    return " ".join(plain(sentence) for sentence in (_("Hej!"), *sentences))
