"""What every answer has to say, whatever it answers: nothing inline, nothing kept, nothing leaked."""

import re
from functools import lru_cache

import httpx

# May be kept, or asked about again: nothing personal, or under an address that only its owner knows.
_KEPT = ("/static/", "/api/", "/schema")
_INLINE = re.compile(
    r"<script(?![^>]*\ssrc=)|<style[\s>]|\sstyle\s*=\s*[\"']|\son[a-z]+\s*=\s*[\"']|(?:href|src|action)\s*=\s*[\"']\s*javascript:"
    r"|http-equiv",
    re.IGNORECASE,
)
_FOREIGN = re.compile(r"<(?:script|link|img|iframe)[^>]*\s(?:src|href)=[\"'](?:https?:)?//", re.IGNORECASE)


@lru_cache(maxsize=2000)
def _wrong(text: str) -> str:
    """What stands in a page that its policy would not let run; the same page is read once."""
    found = _INLINE.search(text) or _FOREIGN.search(text)
    return found[0] if found else ""


def policy(answer: httpx.Response) -> dict[str, str]:
    """The Content-Security-Policy, by directive."""
    parts = (part.strip().partition(" ") for part in answer.headers["content-security-policy"].split(";"))
    return {name: value for name, _, value in parts}


def judge_headers(answer: httpx.Response, https: bool = False) -> None:
    """Hold an answer of any kind, status and route to the headers that all of them have."""
    told = policy(answer)
    assert told["default-src"] == "'none'"
    assert told["script-src"] == told["style-src"] == told["form-action"] == "'self'"
    assert told["frame-ancestors"] == told["base-uri"] == "'none'"
    assert not {"unsafe-inline", "unsafe-eval", "*"} & {word.strip("'") for value in told.values() for word in value.split()}
    assert answer.headers["referrer-policy"] in {"same-origin", "no-referrer"}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert ("strict-transport-security" in answer.headers) == https
    assert "server" not in answer.headers
    path = answer.request.url.path
    if path.startswith("/k/"):
        assert answer.headers["cache-control"].startswith(("private", "no-store")), path
    elif not path.startswith(_KEPT) or answer.status_code >= 400:
        assert answer.headers["cache-control"] == "no-store", path
    if answer.headers.get("content-type", "").startswith("text/html"):
        assert not _wrong(answer.text), path
    for cookie in answer.headers.get_list("set-cookie"):
        judge_cookie(cookie, https)


def judge_cookie(cookie: str, https: bool) -> None:
    """`__Host-` and Secure exactly on https; never for scripts, never for other sites, never for a part of the service."""
    said = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert cookie.startswith("__Host-") == https, cookie
    assert ("secure" in said) == https, cookie
    assert {"httponly", "samesite=lax", "path=/"} <= said, cookie
    assert not any(part.startswith("domain") for part in said), cookie
