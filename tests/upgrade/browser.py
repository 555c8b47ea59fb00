"""A browser without scripts: reads forms as a page offers them and sends them as they stand, but for what somebody typed."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

PATIENCE_SECONDS = 40.0
# What somebody fills in, by the names of the fields; several boxes of one name are a list.
Typed = Mapping[str, str | list[str]]


@dataclass
class Form:
    """A form with what stands in it. `choices`: what its boxes and radio buttons may be. `buttons`: their words."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    choices: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)

    def filled(self, typed: Typed, button: str = "") -> dict[str, list[str]]:
        """As it is sent: what stands in it, what was typed instead, and the button that was pressed."""
        sent: dict[str, list[str]] = {}
        for name, value in self.fields:
            sent.setdefault(name, []).append(value)
        known = {name for name, _ in (*self.fields, *self.choices)}
        sent |= {name: [value] if isinstance(value, str) else value for name, value in typed.items() if name in known}
        pressed = next((b for b in self.buttons if button and button in b[2]), None)
        if pressed and pressed[0]:
            sent[pressed[0]] = [pressed[1]]
        return sent


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._form: Form | None = None
        self._area = self._select = ""
        self._button: list[str] | None = None
        self._text = ""
        self._first_option: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        if self._form and "disabled" not in given:
            self._in_a_form(self._form, tag, given)

    def _in_a_form(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name = given.get("name", "")
        if tag == "input" and name:
            self._input(form, name, given)
        elif tag == "textarea":
            self._area, self._text = name, ""
        elif tag == "select":
            self._select, self._first_option = name, None
        elif tag == "option" and self._select:
            self._option(form, given)
        elif tag == "button":
            self._button, self._text = [name, given.get("value", "")], ""

    def _option(self, form: Form, given: dict[str, str]) -> None:
        if "selected" in given:
            form.fields.append((self._select, given.get("value", "")))
            self._select = ""
        elif self._first_option is None:
            self._first_option = given.get("value", "")

    @staticmethod
    def _input(form: Form, name: str, given: dict[str, str]) -> None:
        kind, value = given.get("type", "text"), given.get("value", "on" if given.get("type") == "checkbox" else "")
        if kind in {"checkbox", "radio"}:
            form.choices.append((name, value))
            if "checked" in given:
                form.fields.append((name, value))
        elif kind == "submit":
            form.buttons.append((name, value, value))
        else:
            form.fields.append((name, value))

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if not self._form:
            return
        if tag == "textarea" and self._area:
            self._form.fields.append((self._area, self._text))
            self._area = ""
        elif tag == "select" and self._select:
            self._form.fields.append((self._select, self._first_option or ""))
            self._select = ""
        elif tag == "button" and self._button is not None:
            self._form.buttons.append((self._button[0], self._button[1], " ".join(self._text.split())))
            self._button = None


@dataclass(frozen=True)
class Answer:
    """What came back in the end, after the ways it led."""

    address: str
    status: int
    text: str

    def _read(self) -> _Reader:
        reader = _Reader()
        reader.feed(self.text)
        return reader

    @property
    def heading(self) -> str:
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.text, re.DOTALL)
        return " ".join(re.sub(r"<[^>]*>", "", found[1]).split()) if found else ""

    @property
    def links(self) -> list[str]:
        return self._read().links

    @property
    def forms(self) -> list[Form]:
        return self._read().forms

    def form(self, wanted: str) -> Form:
        """The form with a button of these words, or whose address ends so. Raises LookupError when there is none."""
        for form in self.forms:
            if any(wanted in words for _, _, words in form.buttons) or (wanted and form.action.endswith(wanted)):
                return form
        offered = [[words for _, _, words in form.buttons] for form in self.forms]
        raise LookupError(f"no form {wanted!r} on {self.address} ({self.status}, {self.heading!r}); it has {offered}")


Heard = Callable[[str, str, int, float], None]


class Browser:
    """One person's browser. `bases` are addresses of the same service, taken in turn as behind a proxy; `heard` is told of
    each request: method, path, status and seconds. A status of 0 is no answer at all."""

    def __init__(self, bases: list[str], heard: Heard) -> None:
        self.bases, self._heard, self._turn = bases, heard, 0
        self._client = httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False, follow_redirects=False)
        self._cookies: dict[str, str] = {}

    async def close(self) -> None:
        await self._client.aclose()

    async def _once(self, method: str, path: str, data: Mapping[str, list[str]] | None) -> httpx.Response | None:
        base = self.bases[self._turn % len(self.bases)]
        self._turn += 1
        begun = time.monotonic()
        # Behind a proxy all of them have one name, so that cookies are everybody's.
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()), "host": self._host}
        try:
            answer = await self._client.request(method, base + path, data=data, headers=headers | {"origin": self._origin})
        except httpx.HTTPError:
            self._heard(method, path, 0, time.monotonic() - begun)
            return None
        self._heard(method, path, answer.status_code, time.monotonic() - begun)
        for cookie in answer.cookies.jar:
            self._cookies[cookie.name] = cookie.value or ""
        self._client.cookies.clear()
        return answer

    @property
    def _origin(self) -> str:
        return self.bases[0]

    @property
    def _host(self) -> str:
        return urlsplit(self.bases[0]).netloc

    async def _all_the_way(self, method: str, path: str, data: Mapping[str, list[str]] | None) -> Answer:
        for _ in range(8):
            answer = await self._once(method, path, data)
            if answer is None:
                return Answer(path, 0, "")
            if not answer.has_redirect_location:
                return Answer(path, answer.status_code, answer.text if _is_page(answer) else "")
            target = urljoin(f"{self._origin}{path}", answer.headers["location"])
            method, data, path = "GET", None, _path_of(target)
        raise LookupError(f"{path} leads nowhere")

    async def get(self, path: str) -> Answer:
        return await self._all_the_way("GET", path, None)

    async def send(self, page: Answer, wanted: str | Form, typed: Typed | None = None) -> Answer:
        """Fill in a form, or the one that has this button, and press it. Of what was typed only its own fields are sent."""
        form = page.form(wanted) if isinstance(wanted, str) else wanted
        button = wanted if isinstance(wanted, str) else ""
        target = _path_of(urljoin(f"{self._origin}{page.address}", form.action or page.address))
        return await self._all_the_way(form.method.upper(), target, form.filled(typed or {}, button))


def _is_page(answer: httpx.Response) -> bool:
    return "html" in answer.headers.get("content-type", "")


def _path_of(address: str) -> str:
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")
