"""What is asked, as the holder of a slip sees it and as its coordinator writes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from programmes.core.i18n import SLIP_LANGUAGES, capital, language, number_word, spoken
from programmes.core.i18n import gettext as _
from programmes.evaluation.form_rules import (
    LONGEST_QUESTION,
    MOST_OWN,
    SCALES,
    TEXTS,
    Kind,
    OwnQuestion,
    Questions,
)

Typed = Callable[[str], str]


@dataclass(frozen=True)
class Scale:
    """A question with five steps. `lang` is the question's where it isn't the page's."""

    key: str
    name: str
    question: str
    lang: str = ""


@dataclass(frozen=True)
class Writing:
    """A question to write about, in at most so many letters."""

    key: str
    label: str
    error: str
    most: int
    lang: str = ""


@dataclass(frozen=True)
class Asked:
    """An own question in words; `kind` says how it is answered."""

    words: str
    kind: str


@dataclass(frozen=True)
class OwnWords:
    """The field of one language: its name, the language's name and tag, what stands in it, a hint and an error."""

    field: str
    language: str
    tag: str
    value: str
    hint: str
    error: str


@dataclass(frozen=True)
class OwnField:
    """The fields of one own question: how it is answered, and its words in each language."""

    place: int
    kind: str
    words: tuple[OwnWords, ...]


@dataclass(frozen=True)
class OwnPage:
    """A programme's form and its own questions: in force, to write, and others. `held` boxes keep theirs."""

    slug: str
    name: str
    standard: tuple[str, ...]
    own: tuple[Asked, ...]
    version: int
    earlier: tuple[tuple[int, tuple[Asked, ...]], ...]
    held: int
    fields: tuple[OwnField, ...]
    most: int


def scale_names() -> dict[str, str]:
    """The four things that are asked about."""
    return {
        "participation": _("Delaktighet"),
        "safety": _("Trygghet"),
        "satisfaction": _("Nöjdhet"),
        "respect": _("Respektfullt bemötande"),
    }


def steps() -> list[str]:
    """The steps 1 to 5 in words."""
    return [_("Nej, inte alls"), _("Nej, inte så mycket"), _("Varken eller"), _("Ja, ganska mycket"), _("Ja, helt")]


def _own(questions: Questions, key: str) -> tuple[str, str]:
    """An own question in the page's language; else in Swedish, and then with its tag."""
    words, said = questions.asked[key].said(spoken())
    return words, "" if said == spoken() else "sv"


def scales(in_group: bool, questions: Questions) -> list[Scale]:
    """The questions with steps. Nothing here knows an answer: what was chosen is never shown again (decision 43)."""
    asked = {
        "participation": _("Fick du vara med och påverka?"),
        "safety": _("Kände du dig trygg i gruppen?") if in_group else _("Kände du dig trygg?"),
        "satisfaction": _("Är du nöjd med träffarna?"),
        "respect": _("Blev du bemött med respekt?"),
    }
    names, found = scale_names(), []
    for key in questions.scales:
        words, lang = (asked[key], "") if key in SCALES else _own(questions, key)
        found.append(Scale(key, names.get(key, ""), words, lang))
    return found


def writings(errors: Mapping[str, str], questions: Questions) -> list[Writing]:
    """The questions to write about, with what stood against a text, never the text."""
    asked = {"good": _("Vad var bra? (frivilligt)"), "change": _("Vad borde ändras? (frivilligt)")}
    found = []
    for key in questions.texts:
        words, lang = (asked[key], "") if key in TEXTS else _own(questions, key)
        found.append(Writing(key, words, errors.get(key, ""), questions.longest(key), lang))
    return found


def how_much(questions: Questions) -> str:
    """How long the form is, before anybody begins."""
    if not questions.own:
        return _("Fyra frågor och två rutor att skriva i. Du kan hoppa över det du inte vill svara på.")
    return _(
        "%(scales)s frågor och %(texts)s rutor att skriva i. Du kan hoppa över det du inte vill svara på.",
        scales=capital(number_word(len(questions.scales))),
        texts=number_word(len(questions.texts)),
    )


def label(questions: Questions, key: str) -> str:
    """What a question is called in results, in the language of staff."""
    standard = {**scale_names(), "good": _("Vad var bra?"), "change": _("Vad borde ändras?")}
    return standard[key] if key in standard else questions.asked[key].said(language())[0]


def kinds() -> dict[Kind, str]:
    """How an own question can be answered."""
    return {"scale": _("Fem steg"), "text": _("Skriva fritt")}


def _asked(questions: Questions) -> tuple[Asked, ...]:
    names = kinds()
    return tuple(Asked(question.said(language())[0], names[question.kind]) for question in questions.own)


def _fields(typed: Typed, errors: Mapping[str, str], kept: Questions | None) -> tuple[OwnField, ...]:
    """Empty fields, or those of the questions that are asked; what was typed stands instead where it could not be kept."""
    hints = {"sv": _("Den här frågan ser också den som läser på ett språk som du lämnar tomt."), "sv_easy": _("Korta ord.")}
    found = []
    for place in range(1, MOST_OWN + 1):
        question = kept.own[place - 1] if kept and place <= len(kept.own) else None
        words = tuple(
            OwnWords(
                f"{code}{place}",
                name,
                tag,
                (question.words.get(code, "") if question else "") if kept else typed(f"{code}{place}"),
                hints.get(code, ""),
                errors.get(f"{code}{place}", ""),
            )
            for code, tag, name in SLIP_LANGUAGES
        )
        kind = (question.kind if question else "") if kept else typed(f"sort{place}")
        found.append(OwnField(place, kind or "scale", words))
    return tuple(found)


def own_page(
    slug: str,
    name: str,
    chosen: Questions,
    known: list[Questions],
    held: int,
    typed: Typed | None,
    errors: Mapping[str, str],
) -> OwnPage:
    """The coordinator's page; `typed` is what they have written and could not be kept."""
    return OwnPage(
        slug=slug,
        name=name,
        standard=(*scale_names().values(), _("Vad var bra?"), _("Vad borde ändras?")),
        own=_asked(chosen),
        version=chosen.version,
        earlier=tuple((one.version, _asked(one)) for one in reversed(known) if one.version != chosen.version),
        held=held,
        fields=_fields(typed or (lambda _name: ""), errors, None if typed else chosen),
        most=LONGEST_QUESTION,
    )


def own_question(kind: str, words: Mapping[str, str]) -> OwnQuestion | None:
    """What was typed as a question; None where every field is empty. Raises KeyError for a kind that there is not."""
    said = {code: text for code, text in words.items() if text}
    return OwnQuestion({"scale": "scale", "text": "text"}[kind], said) if said else None  # type: ignore[arg-type]
