"""Lists that are taken home as files, read as a spreadsheet reads them."""

import csv
import io

import httpx


def parsed(answer: httpx.Response) -> list[list[str]]:
    """The lines of a file, its heads first."""
    assert answer.status_code == 200, answer.status_code
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith('attachment; filename="')
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))


async def lines_of(client: httpx.AsyncClient, address: str) -> list[list[str]]:
    """The lines of the file at an address, without its heads; none is longer or shorter than those."""
    heads, *lines = parsed(await client.get(address))
    assert len(heads) == len(set(heads))
    assert {len(line) for line in lines} <= {len(heads)}
    return lines
