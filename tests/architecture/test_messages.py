"""Every text on screen stands in the message catalogues, complete in English, and nowhere else."""

import ast
import re
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.*"))
# Words that are the same in every language, and the names of the languages themselves.
_EVERYWHERE = {"English", "Svenska", "Lätt svenska", "QR", "PDF", "CSV", "XLSX"}
_SPOKEN = ("alt", "title", "aria-label", "placeholder")
# Where Swedish is no text on screen, or comes with the data: what a municipality is called, what a demo is filled with,
# what no password may be made of.
_SWEDISH_BY_NATURE = (
    "programmes/settings.py",
    "programmes/demo/",
    "programmes/piccolo_migrations/",
    "programmes/people/password_rules.py",
    # What people write and in which letters, not what is shown.
    "programmes/core/naming_rules.py",
    "programmes/core/written_days.py",
    "programmes/notices/hours_rules.py",
    "programmes/notices/gsm_rules.py",
    # Examples of answers, which hold names and summaries as the catalogue has them.
    "programmes/desk/public/api_schema_pages.py",
)


def _mapping() -> list[tuple[str, str]]:
    """Which files are read how, from `babel.cfg`."""
    config = ConfigParser()
    config.read(ROOT / "babel.cfg", encoding="utf-8")
    found = []
    for section in config.sections():
        method, _, pattern = section.partition(":")
        found.append((pattern.strip(), method.strip()))
    return found


@cache
def extracted() -> Mapping[str | tuple[str, ...], str]:
    """Every message id of code and templates, with one place where it stands."""
    found = {}
    for file, line, message, _, _ in extract_from_dir(str(ROOT), method_map=_mapping()):
        found[message] = f"{file}:{line}"
    return found


@cache
def _catalogue(language: str) -> Catalog:
    with (ROOT / "locale" / language / "LC_MESSAGES" / "messages.po").open("rb") as source:
        return read_po(source, locale=language)


def _is_said(message: Message | None) -> bool:
    if message is None or message.fuzzy:
        return False
    said = message.string if isinstance(message.string, tuple | list) else [message.string]
    return all(said)


def _placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", text))


def test_every_text_is_said_in_english() -> None:
    english = _catalogue("en")
    found = extracted()
    assert len(found) > 20
    silent = [f"{where}: {message!r}" for message, where in found.items() if not _is_said(english.get(_first(message)))]
    assert silent == []


def _called(path: Path) -> Iterator[tuple[int, str]]:
    """Every text that code hands to the catalogues, wherever in an expression the call stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CATALOGUE:
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield node.lineno, first.value


def test_no_text_hides_from_the_extraction_inside_an_f_string() -> None:
    known = {_first(message) for message in extracted()}
    hidden = [
        f"{path.relative_to(ROOT)}:{line}: {text!r}"
        for path in sorted((ROOT / "programmes").rglob("*.py"))
        for line, text in _called(path)
        if text not in known
    ]
    assert hidden == []


def _first(message: str | tuple[str, ...]) -> str:
    return message if isinstance(message, str) else message[0]


def test_the_english_texts_have_the_placeholders_of_the_swedish() -> None:
    wrong = []
    for message in _catalogue("en"):
        if not message.id:
            continue
        # The last form of a plural; in the singular the number may be said as a word, or not at all.
        swedish = message.id if isinstance(message.id, str) else message.id[-1]
        english = message.string if isinstance(message.string, str) else message.string[-1]
        if english and _placeholders(english) != _placeholders(swedish):
            wrong.append(swedish)
    assert wrong == []


def test_the_english_catalogue_holds_no_text_that_is_shown_nowhere() -> None:
    shown = {_first(message) for message in extracted()}
    assert [m.id for m in _catalogue("en") if m.id and _first(m.id) not in shown] == []


class _Literal(HTMLParser):
    """Gathers what a template says by itself: text, and attributes that are read aloud or shown."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.said += [value for name, value in attrs if name in _SPOKEN and value]

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def _bare(template: str) -> str:
    """A template without comments, expressions and statements; the block for the class of `main` is an attribute's value."""
    template = re.sub(r"\{% block main_class %\}.*?\{% endblock", "{%", template, flags=re.DOTALL)
    return re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", template, flags=re.DOTALL)


def literal_words(template: str) -> list[str]:
    """Words in a template that no catalogue knows of."""
    parser = _Literal()
    parser.feed(_bare(template))
    words = re.findall(r"[^\W\d_]{2,}", " ".join(parser.said))
    return [word for word in words if word not in _EVERYWHERE]


def literal_strings(template: str) -> list[str]:
    """Strings with Swedish letters in expressions, but not as an argument of `_` or `ngettext`."""
    code = " ".join(re.findall(r"\{%.*?%\}|\{\{.*?\}\}", re.sub(r"\{#.*?#\}", "", template, flags=re.DOTALL), re.DOTALL))
    string = r"'[^']*'|\"[^\"]*\""
    without = re.sub(rf"\b(?:_|ngettext)\(\s*(?:{string})(?:\s*,\s*(?:{string}))?", "", code)
    return [found for found in re.findall(string, without) if re.search("[åäöÅÄÖ]", found)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_template_says_nothing_by_itself(path: Path) -> None:
    template = path.read_text(encoding="utf-8")
    assert literal_words(template) == []
    assert literal_strings(template) == []


def test_what_a_template_says_by_itself_is_noticed() -> None:
    assert literal_words("<p>Anmäl dig {{ _('här') }}</p>") == ["Anmäl", "dig"]
    assert literal_words('<a aria-label="Meny">{{ _("Öppna") }}</a>') == ["Meny"]
    assert literal_strings("{{ m.tag('Inställd') }} {{ _('Ställ in') }}") == ["'Inställd'"]
    assert literal_strings("{{ ngettext('%(n)s träff', '%(n)s träffar', n) }}") == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_template_has_no_inline_style_or_script(path: Path) -> None:
    template = path.read_text(encoding="utf-8")
    assert re.findall(r"\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|<style|javascript:", template) == []
    for attributes, body in re.findall(r"<script\b([^>]*)>(.*?)</script>", template, re.DOTALL):
        assert "src=" in attributes
        assert not body.strip()


def _spoken_in(path: Path) -> Iterator[str]:
    """Strings with Swedish letters in a module, but docstrings and what goes through the catalogues."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    known: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in _CATALOGUE:
            known.update(id(part) for argument in node.args for part in ast.walk(argument))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            known.add(id(node.value))
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in known
        if is_text and re.search("[åäöÅÄÖ]", node.value):
            yield f"{path.relative_to(ROOT).as_posix()}:{node.lineno} {node.value!r}"


_CATALOGUE = {"_", "N_", "gettext", "ngettext"}


def test_no_module_says_swedish_past_the_catalogues() -> None:
    modules = sorted((ROOT / "programmes").rglob("*.py"))
    checked = [p for p in modules if not p.relative_to(ROOT).as_posix().startswith(_SWEDISH_BY_NATURE)]
    said = [line for path in checked for line in _spoken_in(path)]
    assert [line for line in said if line.split(" ", 1)[1].strip("'") not in _EVERYWHERE] == []
