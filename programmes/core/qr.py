"""QR symbols as the path of an SVG: nothing inline, sharp on paper and screen."""

from dataclasses import dataclass

import qrcode
from qrcode.constants import ERROR_CORRECT_M

QUIET = 4


@dataclass(frozen=True)
class Symbol:
    """A QR symbol of level M: one path of squares, `size` modules wide, without its quiet zone of `QUIET` modules."""

    path: str
    size: int


def symbol(text: str) -> Symbol:
    """The symbol that says `text`."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    matrix: list[list[bool]] = code.get_matrix()
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark)
    return Symbol(path, len(matrix))


def picture(text: str) -> tuple[str, int]:
    """The symbol as an SVG document of its own without its quiet zone, for paper; and how many modules wide it is."""
    drawn = symbol(text)
    n = drawn.size
    path = f'<path shape-rendering="crispEdges" d="{drawn.path}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {n} {n}">{path}</svg>', n
