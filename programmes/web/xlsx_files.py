"""Reports to take home as a workbook. The same facts give the same bytes: nothing in the file says when it was made."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from litestar import Response
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from programmes.web.csv_files import one_line

Cell = str | float | None


@dataclass(frozen=True)
class Bars:
    """A chart beside the rows of a sheet: bars from its third and fourth column, named by the second. `first` and `last`
    are rows, counted from 1 below the heads. `told` says in words what it shows."""

    sheet: str
    title: str
    told: str
    first: int
    last: int


_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a workbook's properties have to say; `xlsxwriter` would take the machine's clock.
_NO_TIME = datetime(2000, 1, 1)  # noqa: DTZ001
_LONGEST_NAME = 31


def xlsx_bytes(
    sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Cell]]]], charts: Sequence[Bars] = (), title: str = ""
) -> bytes:
    """Sheets of a name, heads and rows. A text stays a text, whatever it begins with; None is an empty cell. `title` is what
    the file's properties say."""
    written = io.BytesIO()
    book = Workbook(written, {"in_memory": True})
    book.set_properties({"created": _NO_TIME, "title": title})
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    for name, heads, rows in sheets:
        sheet = book.add_worksheet(name[:_LONGEST_NAME])
        widths = [len(head) for head in heads]
        for place, head in enumerate(heads):
            sheet.write_string(0, place, one_line(head), bold)
        for line, row in enumerate(rows, start=1):
            for place, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(line, place, one_line(value), wrapped)
                    widths[place] = max(widths[place], min(60, len(value)))
                elif value is not None:
                    sheet.write_number(line, place, value)
        for place, width in enumerate(widths):
            sheet.set_column(place, place, width + 2)
        sheet.freeze_panes(1, 0)
        _draw(book, sheet, [bars for bars in charts if bars.sheet == name])
    book.close()
    return written.getvalue()


def _draw(book: Workbook, sheet: Worksheet, charts: Sequence[Bars]) -> None:
    """Each chart to the right of the rows, below the one before."""
    line = 1
    for bars in charts:
        chart = book.add_chart({"type": "bar"})
        for column in (2, 3):
            chart.add_series({
                "name": [sheet.name, 0, column],
                "categories": [sheet.name, bars.first, 1, bars.last, 1],
                "values": [sheet.name, bars.first, column, bars.last, column],
            })  # fmt: skip
        chart.set_title({"name": bars.title, "name_font": {"size": 11}})
        chart.set_y_axis({"reverse": True})
        height = 120 + 40 * (bars.last - bars.first + 1)
        chart.set_size({"width": 620, "height": height})
        sheet.insert_chart(line, 5, chart, {"description": bars.told})
        line += height // 20 + 2


def xlsx_file(
    name: str,
    sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Cell]]]],
    charts: Sequence[Bars] = (),
    title: str = "",
) -> Response[bytes]:
    """The workbook as a file to save, never kept by a browser or a proxy."""
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(xlsx_bytes(sheets, charts, title), media_type=_TYPE, headers=headers)
