"""Lists to take home as CSV: for Excel as it is set up in Sweden, and without anything that it could take for a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from litestar import Response

# What a spreadsheet takes for the beginning of a formula, in the wide forms of East Asian keyboards too.
_FORMULA = "=+-@|%\uff1d\uff0b\uff0d\uff20"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]+")


def one_line(value: str) -> str:
    """The text without breaks and characters that steer."""
    return _CONTROL.sub(" ", value)


def cell(value: str) -> str:
    """One line of text that stays a text: an apostrophe goes before what would be computed."""
    text = one_line(value)
    return f"'{text}" if text.lstrip()[:1] in _FORMULA and text.strip() else text


def csv_text(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The list, every cell quoted, with semicolons between as a Swedish Excel wants them."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([cell(head) for head in heads])
    writer.writerows([cell(value) for value in row] for row in rows)
    return written.getvalue()


def csv_file(name: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Response[bytes]:
    """The list as a file to save, in UTF-8 with the mark by which Excel knows it. Never kept by a browser or a proxy."""
    return Response(
        b"\xef\xbb\xbf" + csv_text(heads, rows).encode(),
        media_type="text/csv",
        headers={"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"},
    )
