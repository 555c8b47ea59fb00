"""Pages for what went wrong. No page shows a trace, and an unexpected error gets a number that says nothing of anyone."""

import re
from typing import Any
from urllib.parse import urlencode

import asyncpg
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from programmes.core import codes, errors
from programmes.core.i18n import gettext as _
from programmes.core.i18n import speaking
from programmes.core.sealing import KeyGone, KeysAway, Unreadable
from programmes.web import rendering
from programmes.web.guards import NotConfirmed, NotSignedIn
from programmes.web.hosts import Misdirected
from programmes.web.limits import TookTooLong
from programmes.web.open_places import PlaceClosed
from programmes.web.sessions import read_cookie, wanted_language

log = structlog.get_logger()
AnyRequest = Request[Any, Any, Any]
# The database has waited as long as a web process lets it (`core/db.WEB`).
_HELD_UP = (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError, asyncpg.IdleInTransactionSessionTimeoutError)


def page(request: AnyRequest, template: str, view: object = None, status: int = 200) -> Response[str]:
    """An error page. It may be shown outside the middleware, so it finds out the language itself."""
    with speaking(wanted_language(request)):
        return rendering.page(request, template, view, status)


def _wants_json(request: AnyRequest) -> bool:
    return request.url.path.startswith(("/api/", "/health/", "/schema"))


def _json(status: int, title: str) -> Response[Any]:
    return Response({"status": status, "title": title}, status_code=status, media_type="application/problem+json")


def not_found(request: AnyRequest, error: Exception) -> Response[Any]:
    if _wants_json(request):
        return _json(404, "Not found")
    return page(request, "errors/not_found.html", status=404)


def forbidden(request: AnyRequest, error: Exception) -> Response[Any]:
    return page(request, "errors/forbidden.html", status=403)


def conflict(request: AnyRequest, error: Exception) -> Response[Any]:
    code = error.code if isinstance(error, errors.Conflict) else ""
    text = staff_text(code) if request.url.path.startswith("/personal") else None
    return page(request, "errors/conflict.html", (*(text or conflict_text(code)), _way_back(request.url.path)), status=409)


def unreadable(request: AnyRequest, error: Exception) -> Response[Any]:
    """Something sealed can't be opened: its key is gone or another one, or the bytes are damaged. Nothing was written."""
    log.error("sealed_unreadable", error=type(error).__name__, route=_route(request))
    if _wants_json(request):
        return _json(409, "What is kept cannot be read")
    path = request.url.path
    text = _("Det är fel hos oss. Inget är ändrat. Försök igen om en stund, eller ring oss.")
    if path.startswith("/personal"):
        text = _("Nyckeln saknas eller är fel, eller så är uppgifterna skadade. Inget är ändrat. Säg till er administratör.")
    back = "/kontakt" if path.startswith("/min-plats") else _way_back(path)
    return page(request, "errors/conflict.html", (_("Uppgifterna kan inte läsas"), text, back), status=409)


def _way_back(path: str) -> str:
    """A page that shows how it stands now: the start page of what was being changed, never the refused address itself."""
    group = re.match(r"/personal/grupper/[0-9]+", path)
    if group:
        return group[0]
    for start in ("/personal/starter", "/min-plats", "/personal"):
        if path.startswith(start):
            return "/personal/idag" if start == "/personal" else start
    return "/"


def not_signed_in(request: AnyRequest, error: Exception) -> Response[Any]:
    """To the sign-in page, and back here afterwards; from a form to the nearest page above it, as what it said is lost."""
    back = rendering.again(request)
    wanted = {"till": back} if back.startswith("/personal/") else {}
    if request.method == "POST":
        wanted["ut"] = "form"
    elif read_cookie(request, "staff"):
        wanted["ut"] = "sida"
    query = f"?{urlencode(wanted)}" if wanted else ""
    return Response("", status_code=303, headers={"location": f"/logga-in{query}"})


def place_closed(request: AnyRequest, error: Exception) -> Response[Any]:
    """To the page that asks for the code, which says that Min plats had closed by itself."""
    return Response("", status_code=303, headers={"location": "/min-plats?stangd=1"})


def not_confirmed(request: AnyRequest, error: Exception) -> Response[Any]:
    """To the page that asks for the password or a code, and from there here; after a form to the page it stands on."""
    query = urlencode({"till": rendering.again(request)})
    return Response("", status_code=303, headers={"location": f"/personal/bekrafta?{query}"})


def http_error(request: AnyRequest, error: HTTPException) -> Response[Any]:
    if error.status_code == 405 and _wants_json(request):
        answer = _json(405, "Method not allowed")
        answer.headers["allow"] = (error.headers or {}).get("allow", "GET")
        return answer
    if error.status_code in {404, 405}:
        return not_found(request, error)
    if error.status_code >= 500:
        return unexpected(request, error)
    if _wants_json(request):
        return _json(error.status_code, "The request cannot be understood")
    status = 413 if error.status_code == 413 else 400
    return page(request, "errors/bad_request.html", status=status)


def no_text(request: AnyRequest, error: Exception) -> Response[Any]:
    """Somebody sent what no text of ours can hold (a NUL), where a choice is sent and not typed. Nothing is written."""
    if _wants_json(request):
        return _json(400, "The request cannot be understood")
    return page(request, "errors/bad_request.html", status=400)


def misdirected(request: AnyRequest, error: Exception) -> Response[Any]:
    """For a name that is not ours. Links lead to the address of the settings, never to what was asked for."""
    if _wants_json(request):
        return _json(421, "This service does not answer under that name")
    return page(request, "errors/misdirected.html", request.app.state.settings.base_url, status=421)


def unavailable(request: AnyRequest, error: Exception) -> Response[Any]:
    """It can't be done just now, and nothing is lost by it. Logged by its class: someone of the office has to mend it."""
    log.error("unavailable", error=type(error).__name__, route=_route(request))
    answer: Response[Any]
    if _wants_json(request):
        answer = _json(503, "Not available just now")
    else:
        which = "time" if isinstance(error, TookTooLong) else ""
        answer = page(request, "errors/unavailable.html", which, status=503)
    answer.headers["retry-after"] = "60"
    return answer


def unexpected(request: AnyRequest, error: Exception) -> Response[Any]:
    """Our fault. Logged by the class of the error and where it arose, never by its message, which may repeat input."""
    number = f"F-{codes.new_code()[:4]}"
    trace = error.__traceback__
    where = ""
    while trace:
        where = f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
        trace = trace.tb_next
    log.error("unexpected_error", number=number, error=type(error).__name__, where=where, route=_route(request))
    if _wants_json(request):
        return _json(500, number)
    return page(request, "errors/unexpected.html", number, status=500)


def _route(request: AnyRequest) -> str:
    """The route's pattern, never the address itself: tokens and codes stand in addresses."""
    template = request.scope.get("path_template")
    return template if isinstance(template, str) else ""


def staff_text(code: str) -> tuple[str, str] | None:
    """The same for staff, where the conflict is about somebody else's place."""
    texts = {
        "review_signed": (
            _("Månaden är redan granskad"),
            _("Någon har skrivit under den, kanske du i en annan flik. Inget av det du skickade nu är sparat."),
        ),
        "extract_unreadable": (
            _("Uppgifterna kan inte läsas"),
            _(
                "Nyckeln saknas eller är fel, eller så är de skadade. Ett utdrag som saknar något lämnas inte ut. "
                "Säg till er administratör."
            ),
        ),
        "no_consent": (
            _("Det finns inget samtycke till partnerkontakt"),
            _("Utan det, eller när platsen är avslutad, finns inga uppgifter om partnern här. Inget är sparat."),
        ),
        "room_taken": (
            _("Lokalen är tagen"),
            _("Någon annan har bokat den just nu. Inget är sparat. Gå tillbaka, så visas krocken."),
        ),
        "heard_already": (
            _("Personen har redan nåtts"),
            _("Beskedet har kommit fram sedan sidan visades, så inget samtal behövs. Kontaktvägen är inte visad."),
        ),
        "not_free": (
            _("Någon av dem är inte ledig längre"),
            _("Den har fått något annat då, eller får inte längre leda insatsen. Ingen har fått någon fråga."),
        ),
        "found_already": (
            _("Någon hoppar redan in"),
            _("Den sa ja sedan sidan visades. Ingen ny fråga är skickad."),
        ),
        "nobody_left": (
            _("Ingen annan är kvar att hålla i det"),
            _("Den andra som leder kan inte heller komma, eller har inte längre behörighet. Inget är ändrat."),
        ),
        "elsewhere_now": (
            _("Det har blivit något annat då"),
            _("Den som skulle komma ändå är bokad någon annanstans då. Inget är ändrat."),
        ),
        "session_over": (
            _("Tiden har varit"),
            _("Det är slut, eller redan ändrat, så det finns inget kvar att göra åt det här. Inget är ändrat."),
        ),
        "change_settled": (
            _("Det går inte att ångra längre"),
            _("Timmen har gått, eller så har något ändrats sedan dess. Inget är sparat. Ändra träffen i stället."),
        ),
        "schedule_changed": (
            _("Det har ändrats sedan sidan visades"),
            _("Dagarna eller krockarna är inte längre de som du såg. Inget är sparat. Gå tillbaka och titta igen."),
        ),
        "leader_taken": (
            _("Någon som leder är upptagen"),
            _("Tiden är bokad för någon av dem just nu. Inget är sparat. Gå tillbaka, så visas krocken."),
        ),
        "enrolment_over": (
            _("Det går inte längre"),
            _("Personens plats eller anmälan har ändrats sedan sidan visades, kanske av dig i en annan flik."),
        ),
        "not_waiting": (
            _("Personen står inte i kön längre"),
            _("Den har fått ett erbjudande eller en plats, eller har lämnat kön. Inget av det du skickade är sparat."),
        ),
        "not_next": (
            _("Personen kan inte få platsen nu"),
            _("Kön har ändrats sedan sidan visades: någon annan är på tur, platsen är tagen, eller så är det för sent."),
        ),
        "offer_over": (
            _("Erbjudandet gäller inte längre"),
            _("Det är besvarat, eller så har tiden för att svara gått ut."),
        ),
        "visit_full": (_("Tiden är inte ledig längre"), _("Välj en annan tid för studiebesöket. Personens plats är kvar.")),
        "visit_done": (_("Studiebesöket är redan gjort"), _("Personen behöver inte boka ett till.")),
        "visit_confirmed": (
            _("Platsen är redan klar"),
            _("Det har ändrats sedan sidan visades. Stämmer inte besöket, öppna personens sida och välj ”Rätta besöket”."),
        ),
        "visit_settled": (
            _("Det har börjat"),
            _("Besöket går inte att rätta efter starten. Vill någon inte fortsätta, avsluta på personens sida."),
        ),
        "note_settled": (
            _("Det går inte att ta tillbaka längre"),
            _("Timmen har gått, det har börjat, eller så har något godkänts sedan dess. Det som är antecknat står kvar."),
        ),
        "visit_begun": (
            _("Besöket har redan börjat"),
            _("Det går inte att avboka. Anteckna om personen kom, eller boka en ny tid."),
        ),
        "visit_changed": (
            _("Studiebesöket har ändrats"),
            _("En tid har bokats, avbokats eller antecknats sedan sidan visades, kanske av personen själv."),
        ),
        "not_going_on": (
            _("Det är antecknat att ni inte båda vill gå vidare"),
            _("Ändra det på personens sida först, om det inte stämmer. Personens plats är kvar."),
        ),
        "visit_first": (
            _("Studiebesöket kommer först"),
            _("Villkor och regler kan godkännas när besöket är gjort. Anteckna besöket först."),
        ),
        "texts_changed": (
            _("Texten har fått en ny version"),
            _("Låt personen läsa den nya versionen. Inget av det du skickade är sparat."),
        ),
        "undo_over": (
            _("Det går inte att ångra längre"),
            _("Tiden har gått. Personen kan anmäla sig igen om det finns plats."),
        ),
        "undo_nothing": (
            _("Det finns inget att komma tillbaka till"),
            _("Platsen är tagen, och det går inte längre att ställa sig i kön."),
        ),
    }
    return texts.get(code)


def conflict_text(code: str) -> tuple[str, str]:
    """Title and text for a conflict, by its code."""
    texts = {
        "other_place": (
            _("En annan plats visas nu"),
            _("Det du tryckte på gällde en annan plats, kanske ett syskons i en annan flik. Inget är ändrat."),
        ),
        "cohort_changed": (
            _("Gruppen har ändrats"),
            _("Den har ändrats sedan sidan visades, kanske av dig i en annan flik. Inget av det du skickade nu är sparat."),
        ),
        "enrolment_over": (
            _("Det går inte längre"),
            _("Din plats eller anmälan har ändrats sedan sidan visades. Öppna Min plats igen."),
        ),
        "offer_over": (
            _("Erbjudandet har gått ut"),
            _("Tiden för att svara har gått ut, så det går inte längre att tacka ja. På Min plats står vad du kan göra."),
        ),
        "offer_ended_queued": (
            _("Erbjudandet gäller inte längre"),
            _("Du står kvar i kön och har kvar din tur. På Min plats ser du vilket nummer du har."),
        ),
        "offer_ended_cancelled": (
            _("Erbjudandet gäller inte längre"),
            _("Starten är inställd. På Min plats ser du vad du kan göra i stället."),
        ),
        "visit_full": (
            _("Tiden är inte ledig längre"),
            _("Välj en annan tid för studiebesöket. Din plats är kvar, och har du redan en bokad tid gäller den."),
        ),
        "visit_done": (_("Studiebesöket är redan gjort"), _("Du behöver inte boka ett till. Din plats är kvar.")),
        "visit_changed": (
            _("Studiebesöket har ändrats"),
            _("En annan tid är bokad än den som sidan visade. Den gäller, och inget är avbokat."),
        ),
        "visit_first": (_("Studiebesöket kommer först"), _("Du kan godkänna villkor och regler när besöket är gjort.")),
        "no_visit": (_("Inget studiebesök är bokat"), _("Boka ett besök först.")),
        "visit_not_yet": (
            _("Studiebesöket har inte varit än"),
            _("Det kan antecknas tidigast en kvart innan det börjar. Inget är ändrat."),
        ),
        "visit_begun": (_("Besöket har redan börjat"), _("Det går inte att avboka. Boka en ny tid, eller ring oss.")),
        "not_going_on": (
            _("Efter studiebesöket vill ni inte båda gå vidare"),
            _("Din plats är kvar. Ring oss om det inte stämmer."),
        ),
        "undo_over": (_("Det går inte att ångra längre"), _("Timmen har gått. Du kan anmäla dig igen om det finns plats.")),
        "ran_out": (
            _("Det finns inget att ångra"),
            _("Det tog slut utan att du lämnade något. På Min plats står vad som hände och vad du kan göra."),
        ),
        "undo_nothing": (
            _("Det finns inget att komma tillbaka till"),
            _("Platsen är tagen, och det går inte längre att ställa sig i kön. Ring oss om du undrar något."),
        ),
        "factor_unreadable": (
            _("Koden går inte att kontrollera"),
            _("Det är fel hos oss. Använd en reservkod, eller be den som sköter tjänsten att nollställa din kod."),
        ),
        "record_changed": (
            _("Uppgifterna har ändrats"),
            _("De har ändrats sedan filen gjordes. Gör en ny fil. Inget är raderat."),
        ),
        "visit_past": (_("Tiden har redan varit"), _("Välj en tid som kommer.")),
        "texts_changed": (
            _("Texten har fått en ny version"),
            _("Läs den nya versionen och godkänn den. Inget av det du skickade är sparat."),
        ),
    }
    return texts.get(code, texts["cohort_changed"])


HANDLERS: dict[Any, Any] = {
    errors.NotFound: not_found,
    errors.Forbidden: forbidden,
    errors.Conflict: conflict,
    Unreadable: unreadable,
    NotSignedIn: not_signed_in,
    PlaceClosed: place_closed,
    NotConfirmed: not_confirmed,
    HTTPException: http_error,
    Misdirected: misdirected,
    # A public half that is missing is no erased one: the slip is not used up.
    asyncpg.CharacterNotInRepertoireError: no_text,
    **dict.fromkeys((KeysAway, KeyGone, TookTooLong, *_HELD_UP), unavailable),
    Exception: unexpected,
}
