"""What has been released, on screen and as files: never more than the release holds, and never added up (DESIGN 7)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from programmes.core.i18n import gettext as _
from programmes.core.i18n import language, ngettext
from programmes.evaluation.form_pages import label
from programmes.evaluation.rules import DISTRIBUTION_FROM, ReleaseFacts, Result, mean_to_half
from programmes.evaluation.text_rules import CommentFacts

# So many releases stand side by side; older ones have their cards.
_SIDE_BY_SIDE = 6


@dataclass(frozen=True)
class Bar:
    """One question's result. `width` is of 100; `counts` per step only from ten answers."""

    label: str
    value: str
    width: int
    counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Results:
    """One released atom: bars, and the same as a table. `words` are what its groups said in their own; struck, they are
    empty."""

    title: str
    tag: str
    notes: tuple[str, ...]
    bars: tuple[Bar, ...]
    words: tuple[str, ...]

    @property
    def distributed(self) -> bool:
        return any(bar.counts for bar in self.bars)


@dataclass(frozen=True)
class Beside:
    """Releases of one version side by side: their titles, how many answered where that is listed, and values by question."""

    version: int
    titles: tuple[str, ...]
    answered: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Comments:
    """The comments of one review, by question."""

    title: str
    questions: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Table:
    """One sheet of a file: its name, heads, and rows of texts and numbers; None is an empty cell."""

    name: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]


def _number(value: float) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    return text.replace(".", ",") if language() == "sv" else text


def _mean(result: Result | None) -> tuple[float | None, bool]:
    """What may be said of a question: a mean, and whether it is rounded. From ten answers to one decimal, else to the
    nearest half (DESIGN 7)."""
    if isinstance(result, list) and sum(result) >= DISTRIBUTION_FROM:
        return round(sum(step * n for step, n in enumerate(result, start=1)) / sum(result), 1), False
    return (mean_to_half(result) if isinstance(result, list) else result), True


def _counts(result: Result | None) -> tuple[int, ...]:
    return tuple(result) if isinstance(result, list) and sum(result) >= DISTRIBUTION_FROM else ()


def _bar(name: str, result: Result | None) -> Bar:
    mean, rounded = _mean(result)
    if mean is None:
        return Bar(name, _("visas inte"), 0)
    exact = f"{mean:.1f}".replace(".", "," if language() == "sv" else ".")
    value = _("cirka %(mean)s", mean=_number(mean)) if rounded else exact
    return Bar(name, value, round(mean * 20), _counts(result))


def _answered(release: ReleaseFacts) -> str:
    """How many of how many; nothing where the section lists no head count."""
    if not release.slips:
        return ""
    rate = round(100 * release.answers / release.slips)
    return ngettext(
        "%(n)s svar av %(slips)s (%(rate)s %%)",
        "%(n)s svar av %(slips)s (%(rate)s %%)",
        release.answers,
        slips=release.slips,
        rate=rate,
    )


def results(release: ReleaseFacts, title: str) -> Results:
    """A released atom as bars, with a table beside them."""
    found, asked = release.results, release.asked
    rounded = any(_mean(result)[1] for result in found.values())
    notes = [_("Medelvärde på en skala 1–5. 5 är bäst.")]
    if rounded and release.slips:
        notes.append(_("5–9 svar: medelvärdet avrundas till närmaste halva, så att ett enskilt svar inte går att räkna ut."))
    elif rounded:
        notes.append(_("Medelvärdet avrundas till närmaste halva. Hur många som svarade antecknas inte."))
    if len(found) < len(asked.scales):
        notes.append(_("En fråga som färre än fem har svarat på visas inte."))
    return Results(
        title=title,
        tag=_answered(release),
        notes=tuple(notes),
        bars=tuple(_bar(label(asked, key), found.get(key)) for key in asked.scales),
        words=tuple(release.words),
    )


def half_year_title(half_year: str) -> str:
    """`Våren 2026`, `Hösten 2026`."""
    year, half = half_year.split("-")
    return _("Våren %(year)s", year=year) if half == "1" else _("Hösten %(year)s", year=year)


def titles(releases: Sequence[ReleaseFacts]) -> list[str]:
    """What each of a programme's atoms is called, newest first: numbered within its half-year where there are several."""
    several = Counter(release.half_year for release in releases)
    left = Counter(several)
    found = []
    for release in releases:
        title = half_year_title(release.half_year)
        if several[release.half_year] > 1:
            title = _("%(half_year)s, nummer %(n)s", half_year=title, n=left[release.half_year])
            left[release.half_year] -= 1
        found.append(title)
    return found


def all_results(releases: Sequence[ReleaseFacts]) -> list[Results]:
    """Every atom by itself. Never added up (DESIGN 7)."""
    return [results(release, title) for release, title in zip(releases, titles(releases), strict=True)]


def beside(releases: Sequence[ReleaseFacts]) -> list[Beside]:
    """The newest atoms side by side, those of one version of the form at a time, where there are two or more."""
    named = list(zip(releases, titles(releases), strict=True))
    found = []
    for asked in dict.fromkeys(release.asked.version for release in releases):
        same = [(release, title) for release, title in named if release.asked.version == asked][:_SIDE_BY_SIDE]
        if len(same) < 2:
            continue
        bars = [results(release, title).bars for release, title in same]
        answered = tuple(_answered(release) for release, _title in same)
        rows = tuple((column[0].label, tuple(bar.value for bar in column)) for column in zip(*bars, strict=True))
        found.append(Beside(asked, tuple(title for _r, title in same), answered if any(answered) else (), rows))
    return found


def comments(found: Sequence[CommentFacts]) -> list[Comments]:
    """What was shown of free texts, each review's by itself and by question."""
    by_review: dict[UUID, list[CommentFacts]] = {}
    for comment in found:
        by_review.setdefault(comment.review_id, []).append(comment)
    shown = []
    for one in by_review.values():
        asked = one[0].asked
        by_question = [
            (label(asked, key), tuple(c.words for c in one if c.question == key))
            for key in asked.texts
            if any(c.question == key for c in one)
        ]
        shown.append(Comments(half_year_title(one[0].half_year), tuple(by_question)))
    return shown


# --- Files ------------------------------------------------------------------------------------------------------------


def _steps_of(release: ReleaseFacts, title: str) -> list[tuple[str | float | None, ...]]:
    rows: list[tuple[str | float | None, ...]] = []
    listed = bool(release.slips)
    for key in release.asked.scales:
        result = release.results.get(key)
        mean, rounded = _mean(result)
        how = _("visas inte") if mean is None else _("till närmaste halva") if rounded else _("till en decimal")
        rows.append(
            (
                title,
                release.asked.version,
                label(release.asked, key),
                mean,
                how,
                *(_counts(result) or (None,) * 5),
                release.answers if listed else None,
                release.slips if listed else None,
                round(release.answers / release.slips, 2) if listed else None,
            )
        )
    return rows


def tables(
    releases: Sequence[ReleaseFacts], found: Sequence[CommentFacts], waiting_words: Sequence[str]
) -> tuple[Table, Table, Table]:
    """All that a programme has released: steps, comments, and what groups said in their own words."""
    named = list(zip(releases, titles(releases), strict=True))
    scales = [row for release, title in named for row in _steps_of(release, title)]
    texts = [
        (one.title, question, words or _("struket"))
        for one in comments(found)
        for question, said in one.questions
        for words in said
    ]
    words = [(title, said or _("struket")) for release, title in named for said in release.words]
    words += [(_("Väntar på fler svar"), said or _("struket")) for said in waiting_words]
    return (
        Table(
            _("Svar"),
            (
                _("Utvärdering"), _("Formulärets version"), _("Fråga"), _("Medelvärde 1–5"), _("Avrundat"),
                "1", "2", "3", "4", "5", _("Antal svar"), _("Antal lappar"), _("Svarsfrekvens"),
            ),
            tuple(scales),
        ),
        Table(_("Kommentarer"), (_("Utvärdering"), _("Fråga"), _("Kommentar")), tuple(texts)),
        Table(_("Gruppernas egna ord"), (_("Utvärdering"), _("Gruppens egna ord")), tuple(words)),
    )  # fmt: skip


def one_table(found: Sequence[Table]) -> Table:
    """The sheets under each other, for a file that has only one: the first column says which, heads are all there are."""
    heads = list(dict.fromkeys(head for table in found for head in table.heads))
    rows: list[tuple[str | float | None, ...]] = []
    for table in found:
        for row in table.rows:
            cells: Mapping[str, str | float | None] = dict(zip(table.heads, row, strict=True))
            rows.append((table.name, *(cells.get(head) for head in heads)))
    return Table("", (_("Del"), *heads), tuple(rows))


def cell_text(value: str | float | None) -> str:
    """A cell of a file that knows only texts: numbers as they are written here."""
    if value is None or isinstance(value, str):
        return value or ""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if language() == "sv" else text
