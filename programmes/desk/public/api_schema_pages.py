"""What the description of the interface says beside the shapes of the answers: each field in words, what every operation may
answer, its headers, and an example of everything. Examples are made of the same classes as the answers."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from programmes.desk.public.api_pages import ApiList, ApiOpening, ApiProgramme, ApiStart, ApiStarts, Problem, Texts

_HERE = ZoneInfo("Europe/Stockholm")
_BASE = "https://stod.example.se"
_TAG = '"3f6c0a9be1d24c7f8a5b6c7d8e9f0a1b"'

FIELDS: Mapping[str, Mapping[str, str]] = {
    "ApiList": {
        "municipality": "Whose catalogue it is.",
        "day": "The day that the list is of, in the municipality.",
        "programmes": "Every programme of the edition in force, in the guideline's order.",
    },
    "ApiStarts": {
        "municipality": "Whose starts they are.",
        "day": "The day that the list is of, in the municipality.",
        "starts": "Soonest first; those without a first session last.",
    },
    "ApiProgramme": {
        "slug": "The last part of the address of its page; stays the same from edition to edition.",
        "section": "The section of the guideline that describes it.",
        "name": "What it is called, in Swedish.",
        "summary": "For whom it is, in one sentence.",
        "form": "`group`, `individual` (talks), `drop_in` (an open meeting place), or `catalogue_only`.",
        "way_in": "How one gets in: `web` (apply at a start's `apply_at`), `contact` (call or visit), `drop_in` (just"
        " come), or `catalogue_only`, for what this service only tells of.",
        "identity_recorded": "Whether names are documented. False where nobody's name is kept.",
        "page": "The address of its public page.",
        "starts": "Its starts, soonest first. Always empty where one does not apply on the web.",
        "openings": "The next times at which its meeting places are open, six of each place at most. Empty for other forms.",
    },
    "ApiStart": {
        "programme": "The programme's `slug`.",
        "first_session": "When the first session begins. Null for talks whose time is agreed upon later.",
        "place": "The name of the room or house.",
        "sessions": "How many sessions are planned. 0 for talks that are booked one at a time, of which none is yet.",
        "places": "How many places there are. Null where people are not counted, and for series of talks for one person.",
        "free": "How many places a newcomer can have at once: 0 while somebody queues, and then one can still queue too."
        " Null before `apply_from`, when nothing is given away yet, and wherever `places` is null; `full` tells then.",
        "full": "Whether a newcomer would have to queue. False before `apply_from`.",
        "apply_from": "The first day on which one can apply.",
        "apply_at": "Where one applies, or joins the queue.",
    },
    "ApiOpening": {
        "place": "The name of the meeting place.",
        "opens": "When it opens.",
        "closes": "When it closes.",
    },
    "Texts": {"sv": "In Swedish.", "en": "In English."},
    "Problem": {
        "status": "The status of the answer.",
        "title": "What is wrong, or a number to tell us.",
    },
}


def _at(month: int, day: int, hour: int) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=_HERE)


def _start(slug: str, first: datetime | None, **others: Any) -> ApiStart:
    told = {"place": "Linden", "sessions": 10, "places": 8, "free": 3, "full": False, "apply_from": date(2026, 8, 3)}
    return ApiStart(slug, first, **{**told, **others}, apply_at=f"{_BASE}/anmalan/k3v9x2m4q7wz")


def _programme(slug: str, section: str, name: str, **others: Any) -> ApiProgramme:
    told: dict[str, Any] = {"form": "group", "way_in": "web", "identity_recorded": True, "starts": [], "openings": []}
    texts = {"summary": Texts("För dig som vill leva nyktert.", "For you who want to live sober.")}
    return ApiProgramme(slug, section, name, page=f"{_BASE}/insatser/{slug}", **{**told, **texts, **others})


RELAPSE = _programme(
    "aterfallsprevention",
    "2.8",
    "Gruppbehandling i återfallsprevention",
    starts=[
        _start("aterfallsprevention", _at(10, 7, 13)),
        _start("aterfallsprevention", _at(11, 18, 13), free=0, full=True),
    ],
)
CHILDREN = _programme(
    "barn_missbruk_familj",
    "2.16",
    "Stödgrupp för barn med missbruk i familjen",
    identity_recorded=False,
    summary=Texts("För dig 10–17 år som har någon nära som dricker.", "For you aged 10–17 with somebody close who drinks."),
    starts=[_start("barn_missbruk_familj", _at(10, 6, 16), places=None, free=None)],
)
MEETING_PLACE = _programme(
    "motesplats",
    "3.1",
    "Öppen mötesplats",
    form="drop_in",
    way_in="drop_in",
    identity_recorded=False,
    summary=Texts("För dig som vill träffa andra.", "For you who want to meet others."),
    openings=[
        ApiOpening("Hamngatan 4", _at(9, 3, 13), _at(9, 3, 16)),
        ApiOpening("Hamngatan 4", _at(9, 5, 10), _at(9, 5, 13)),
    ],
)
_TOLD: Mapping[str, Mapping[str, tuple[str, object]]] = {
    "programmes": {
        "catalogue": (
            "A group, one where people are not counted, and a meeting place",
            ApiList("Karlshamns kommun", date(2026, 9, 2), [RELAPSE, CHILDREN, MEETING_PLACE]),
        )
    },
    "programme": {"group": ("A group with two starts", RELAPSE), "drop_in": ("An open meeting place", MEETING_PLACE)},
    "starts": {
        "starts": ("Two groups", ApiStarts("Karlshamns kommun", date(2026, 9, 2), [*CHILDREN.starts, *RELAPSE.starts])),
        "none": ("No start is planned", ApiStarts("Karlshamns kommun", date(2026, 9, 2), [])),
    },
}
_PROBLEMS: Mapping[str, tuple[str, Problem]] = {
    "400": (
        "The query has a parameter, of which there are none (`title` names it), or the address or a header cannot be read.",
        Problem(400, "Unknown parameter: programme"),
    ),
    "404": ("There is no such programme in the edition in force.", Problem(404, "Not found")),
    "405": (
        "Another method than `Allow` lists. Nothing is written here.",
        Problem(405, "Method not allowed"),
    ),
    "421": (
        "The host that was asked for is not the service's own.",
        Problem(421, "This service does not answer under that name"),
    ),
    "503": ("Not just now; `Retry-After` says when to ask again.", Problem(503, "Not available just now")),
}
_HEADERS = {
    "ETag": ("Stands for this answer. Send it in `If-None-Match` next time.", _TAG),
    "Cache-Control": ("May be kept by anybody, and has to be asked about again before it is used.", "public, no-cache"),
    "Access-Control-Allow-Origin": ("May be read from any web page.", "*"),
}


def described(schema: dict[str, Any]) -> dict[str, Any]:
    """The description of the shapes, with the words and examples."""
    for name, fields in FIELDS.items():
        for field, words in fields.items():
            schema["components"]["schemas"][name]["properties"][field] = _said(
                schema["components"]["schemas"][name]["properties"][field], words
            )
    for operations in schema["paths"].values():
        _describe(operations["get"])
    return schema


def _said(shape: dict[str, Any], words: str) -> dict[str, Any]:
    return {**shape, "description": words} | ({"minimum": 0} if shape.get("type") == "integer" else {})


def _describe(operation: dict[str, Any]) -> None:
    name, slug = operation["operationId"], operation.get("parameters", [])
    for parameter in slug:
        parameter |= {"description": FIELDS["ApiProgramme"]["slug"], "example": RELAPSE.slug}
    operation["parameters"] = [*slug, _IF_NONE_MATCH]
    answers = operation["responses"]
    answers["200"] |= {"description": "As it is now.", "headers": _headers(*_HEADERS)}
    answers["200"]["content"]["application/json"]["examples"] = {
        key: {"summary": summary, "value": msgspec.to_builtins(value)} for key, (summary, value) in _TOLD[name].items()
    }
    answers["304"] = {"description": "It is still as the asker has it. Without a body.", "headers": _headers(*_HEADERS)}
    for status in _PROBLEMS if slug else (s for s in _PROBLEMS if s != "404"):
        answers[status] = _problem(status)
    operation["responses"] = dict(sorted(answers.items()))


_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of an earlier answer, or several. If one is still right, the answer is 304.",
    "schema": {"type": "string"},
    "example": _TAG,
}


def _headers(*names: str) -> dict[str, Any]:
    return {
        name: {"description": _HEADERS[name][0], "schema": {"type": "string"}, "example": _HEADERS[name][1]}
        for name in names
    }


def _problem(status: str) -> dict[str, Any]:
    words, problem = _PROBLEMS[status]
    found: dict[str, Any] = {
        "description": words,
        "headers": _headers("Access-Control-Allow-Origin"),
        "content": {
            "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": msgspec.to_builtins(problem),
            }
        },
    }
    more = {"405": ("Allow", "GET, HEAD, OPTIONS"), "503": ("Retry-After", "60")}.get(status)
    if more:
        told = {"description": "What can be done here." if status == "405" else "In so many seconds."}
        found["headers"][more[0]] = {**told, "schema": {"type": "string"}, "example": more[1]}
    return found
