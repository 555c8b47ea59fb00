"""Templates to responses. A template gets `page`, its view model, and the frame around it."""

import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Litestar, Request, Response
from litestar.enums import MediaType
from litestar.utils.scope.state import ScopeState
from markupsafe import Markup

from programmes.core import i18n
from programmes.core.principal import Principal
from programmes.core.sealing import KeyFolder
from programmes.settings import Settings

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class StaticFile:
    """A file of `static/`, held in memory; its address carries its digest, so that it may be kept for ever."""

    content: bytes
    media_type: str
    digest: str


class Static:
    """The files under `static/` and their addresses."""

    @cached_property
    def files(self) -> dict[str, StaticFile]:
        found = {}
        for path in sorted((_ROOT / "static").rglob("*")):
            if path.is_file():
                content = path.read_bytes()
                kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
                digest = hashlib.sha256(content).hexdigest()[:16]
                found[path.relative_to(_ROOT / "static").as_posix()] = StaticFile(content, kind, digest)
        return found

    def address(self, name: str) -> str:
        """The address of a static file. Raises KeyError for a name that is not there."""
        return f"/static/{self.files[name].digest}/{name}"


@dataclass(frozen=True)
class Frame:
    """What the frame of every page needs: who is signed in, where we are, and what the municipality decided.

    `again` is the address that may be asked for once more: this page, or for one that answers a form the nearest above it
    that can be read. `answers_form` says which of the two it is. `place` is the one that Min plats shows, so that its forms
    can say which they are about.
    """

    path: str
    again: str
    answers_form: bool
    language: str
    tag: str
    direction: str
    csrf_token: str
    principal: Principal | None
    settings: Settings
    place: str = ""
    keys: KeyFolder | None = None

    @property
    def keys_away(self) -> bool:
        """Whether nothing can be sealed or opened just now, as `/health/ready` sees it. A page whose form needs that says so
        before anybody fills it in. Looked up by the pages that ask, without a statement."""
        return self.keys is not None and not self.keys.usable()


@dataclass(frozen=True)
class Hours:
    """When somebody answers the telephone, and when one can come, in the language of the page."""

    phone: str
    visit: str


def _office_hours(settings: Settings) -> Hours:
    if i18n.language() == "en":
        return Hours(settings.phone_hours_en, settings.visit_hours_en)
    return Hours(settings.phone_hours, settings.visit_hours)


def make_environment(settings: Settings, static: Static) -> Environment:
    """The Jinja environment: autoescaping, undefined names are errors, texts from the catalogues."""
    env = Environment(
        loader=FileSystemLoader(_ROOT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        # A release's files do not change under it: none is asked on every page whether it has.
        auto_reload=False,
        cache_size=-1,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(
        _=i18n.gettext,
        ngettext=i18n.ngettext,
        static=static.address,
        settings=settings,
        message_languages=i18n.MESSAGE_LANGUAGES,
        slip_languages=i18n.SLIP_LANGUAGES,
        office_hours=lambda: _office_hours(settings),
        **{name: getattr(i18n, name) for name in _DATE_HELPERS},
    )
    env.filters["capital"] = i18n.capital
    env.filters["sv"] = in_swedish
    env.globals["m"] = env.get_template("macros.jinja").module
    return env


def in_swedish(text: str, *names: str) -> str:
    """For a page in another language: a name of a programme, group or place marked as the Swedish it is, so that it is read
    aloud as such (WCAG 3.1.2). With `names`, those are what is Swedish in `text`. It is markup, for text and not for
    attributes; on a Swedish page it is the text as it was."""
    if i18n.language_tag().startswith("sv"):
        return text
    span = Markup('<span lang="sv">%s</span>')
    if not names:
        return span % text
    wanted = sorted(filter(None, set(names)), key=len, reverse=True)
    parts = re.split(f"({'|'.join(map(re.escape, wanted))})", text) if wanted else [text]
    return Markup("").join(span % part if part in wanted else part for part in parts)


_DATE_HELPERS = (
    "day_long",
    "day_year",
    "day_plain",
    "day_short",
    "day_parts",
    "weekdays",
    "clock",
    "times",
    "moment_long",
    "number_word",
    "listed",
)


def csrf_token(request: Request[Any, Any, Any]) -> str:
    """The token for this browser's forms; empty on the pages that set no cookie."""
    token = ScopeState.from_scope(request.scope).csrf_token
    return token if isinstance(token, str) else ""


@lru_cache(maxsize=8)
def _readable(app: Litestar) -> frozenset[str]:
    """The patterns of what can be asked for. An application gets no more routes once it has answered."""
    return frozenset(route.path_format for route in app.routes if "GET" in getattr(route, "methods", ()))


def again(request: Request[Any, Any, Any]) -> str:
    """The address that may be asked for once more: this one, or for a form the nearest above it that can be read."""
    path = request.url.path
    # A language that nobody speaks here is asked for no more: it is not carried from page to page.
    pairs = parse_qsl(request.url.query)
    asked = [(name, value) for name, value in pairs if name not in {"lang", "sprak"} or i18n.known_on_a_slip(value)]
    if request.method == "POST":
        # Where no cookie is set the address carries the language. The rest was for the form.
        asked = [(name, value) for name, value in asked if name == "lang"]
    query = f"?{urlencode(asked)}" if asked else ""
    if request.method != "POST":
        return path + query
    template = request.scope.get("path_template", "")
    readable = _readable(request.app)
    while path and template not in readable:
        path, template = path.rpartition("/")[0], template.rpartition("/")[0]
    return (path or "/") + query


def _frame(request: Request[Any, Any, Any]) -> Frame:
    return Frame(
        path=request.url.path,
        again=again(request),
        answers_form=request.method == "POST",
        language=i18n.spoken(),
        tag=i18n.language_tag(),
        direction=i18n.direction(),
        csrf_token=csrf_token(request),
        principal=request.scope.get("principal"),  # type: ignore[arg-type]
        settings=request.app.state.settings,
        place=getattr(request.state, "shown_place", ""),
        keys=request.app.state.key_folder,
    )


def page(request: Request[Any, Any, Any], template: str, view: object = None, status: int = 200) -> Response[str]:
    """Render `templates/<template>` with `view` as `page`."""
    env: Environment = request.app.state.templates
    text = env.get_template(template).render(page=view, frame=_frame(request))
    return Response(text, status_code=status, media_type=MediaType.HTML)
