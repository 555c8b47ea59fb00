"""Static files from memory, under an address that carries their digest."""

from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from programmes.core.errors import NotFound
from programmes.web.rendering import Static


@get("/static/{digest:str}/{name:path}", sync_to_thread=False)
def static_file(request: Request[Any, Any, Any], digest: FromPath[str], name: FromPath[Path]) -> Response[bytes]:
    """A static file; unchanged for ever under this address. Raises NotFound for any other digest."""
    files: Static = request.app.state.static
    found = files.files.get(name.as_posix().lstrip("/"))
    if found is None or found.digest != digest:
        raise NotFound
    tag = f'"{found.digest}"'
    headers = {"cache-control": "public, max-age=31536000, immutable", "etag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(b"", status_code=304, headers=headers)
    return Response(found.content, media_type=found.media_type, headers=headers)
