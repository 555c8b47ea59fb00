"""What a form asks: the standard form, and versions of it to which a coordinator has added questions. Nothing here reads.

A version that has been written never changes; another wording is another version, and answers of two are never mixed.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from programmes.core.characters import NONCHARACTERS

# The four that the guideline names (2.9 to 2.11), and two to write about.
SCALES = ("participation", "safety", "satisfaction", "respect")
TEXTS = ("good", "change")
STANDARD_VERSION = 1
MOST_QUESTIONS = 8
MOST_OWN = MOST_QUESTIONS - len(SCALES) - len(TEXTS)
LONGEST_QUESTION = 160
LONGEST_TEXT = 500
# Shorter, so that four full texts of four-byte letters fit into one row of a table without a place apart.
LONGEST_OWN_TEXT = 300
# In which a question can be written. Swedish stands where another is missing.
LANGUAGES = ("sv", "sv_easy", "en", "ar")
# What turns or hides the text around it.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SEEN = frozenset("LNPS")

Kind = Literal["scale", "text"]


@dataclass(frozen=True)
class OwnQuestion:
    """A coordinator's question, on five steps or to write about. `words` by language, Swedish always."""

    kind: Kind
    words: Mapping[str, str]

    def said(self, language: str) -> tuple[str, str]:
        """The question, and the language that it is in: Swedish where this one has not been written."""
        return (self.words[language], language) if language in self.words else (self.words["sv"], "sv")


@dataclass(frozen=True)
class Questions:
    """A version of the form. Keys of own questions are their places: `own1`, `own2`."""

    version: int = STANDARD_VERSION
    own: tuple[OwnQuestion, ...] = ()

    @property
    def asked(self) -> Mapping[str, OwnQuestion]:
        return {f"own{place}": question for place, question in enumerate(self.own, start=1)}

    @property
    def scales(self) -> tuple[str, ...]:
        return (*SCALES, *(key for key, question in self.asked.items() if question.kind == "scale"))

    @property
    def texts(self) -> tuple[str, ...]:
        return (*TEXTS, *(key for key, question in self.asked.items() if question.kind == "text"))

    def longest(self, key: str) -> int:
        """How many letters a text may have."""
        return LONGEST_TEXT if key in TEXTS else LONGEST_OWN_TEXT

    @property
    def plain_length(self) -> int:
        """Every answer to this version has this length before it is sealed, so that none tells by its own how long it is."""
        return 6700 if self.own else 4400


STANDARD = Questions()


def unwritable(text: str) -> bool:
    """Control characters, halves of characters and noncharacters. What joins emoji, or breaks a word softly, is writing."""
    return not NONCHARACTERS.isdisjoint(text) or any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)


def _wrong_words(text: str) -> bool:
    """Whether this is no line that a question can be: empty to the eye, too long, or with what turns the page's text."""
    seen = any(unicodedata.category(character)[0] in _SEEN or unicodedata.category(character) == "Mc" for character in text)
    return not seen or text != text.strip() or len(text) > LONGEST_QUESTION or unwritable(text) or bool(_TURNING & set(text))


def own_questions(found: Sequence[OwnQuestion]) -> tuple[OwnQuestion, ...]:
    """The questions, if a form can ask them.

    Raises:
        ValueError: there are more than fit beside the standard form, two are alike, one has no Swedish, or one is no
            question that can be read.
    """
    if len(found) > MOST_OWN:
        raise ValueError(f"a form asks at most {MOST_QUESTIONS} questions")
    for question in found:
        if question.kind not in {"scale", "text"} or "sv" not in question.words or set(question.words) - set(LANGUAGES):
            raise ValueError("a question needs a kind, and Swedish words")
        if any(_wrong_words(text) for text in question.words.values()):
            raise ValueError("a question is one line that can be read")
    if len({question.words["sv"].casefold() for question in found}) < len(found):
        raise ValueError("a form asks nothing twice")
    return tuple(found)


def version_for(own: Sequence[OwnQuestion], known: Sequence[Questions]) -> Questions:
    """The version that asks these: the standard form without any, one that has asked exactly these, or the next one."""
    for questions in (STANDARD, *known):
        if questions.own == tuple(own):
            return questions
    return Questions(max((questions.version for questions in known), default=STANDARD_VERSION) + 1, tuple(own))
