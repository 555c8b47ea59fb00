"""The table. A route of the application that has no row here fails the test, and so does a row that has no route."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

# `in`: let in, whatever comes of the request. `sign_in`: sent to sign in. `forbidden`: 403, where it is no secret that
# there is something. `unknown`: 404, where it is.
Cell = Literal["in", "sign_in", "forbidden", "unknown"]
Role = Literal[
    "nobody",
    "leader",
    "substitute",
    "former_substitute",
    "leader_elsewhere",
    "coordinator",
    "coordinator_elsewhere",
    "manager",
    "administrator",
]
ROLES: tuple[Role, ...] = Role.__args__  # type: ignore[attr-defined]


def _row(otherwise: Cell, **cells: Cell) -> dict[Role, Cell]:
    return {role: cells.get(role, otherwise) for role in ROLES}


KINDS: Mapping[str, Mapping[Role, Cell]] = {
    "everybody": _row("in"),
    "who has its own secret": _row("unknown"),
    "who has just given a password": _row("sign_in"),
    "everybody, where there is single sign-on": _row("unknown"),
    "any staff": _row("in", nobody="sign_in"),
    "who works with the cohort": _row("unknown", nobody="sign_in", leader="in", substitute="in", coordinator="in"),
    "who works with the cohort, but no substitute": _row(
        "unknown", nobody="sign_in", leader="in", substitute="forbidden", coordinator="in"
    ),
    "who works with the cohort, and managers": _row(
        "unknown", nobody="sign_in", leader="in", substitute="in", coordinator="in", manager="in"
    ),
    "who was asked": _row("unknown", nobody="sign_in", leader_elsewhere="in"),
    "its coordinator": _row("unknown", nobody="sign_in", leader="forbidden", substitute="forbidden", coordinator="in"),
    "leaders and coordinators": _row("in", nobody="sign_in", manager="forbidden", administrator="forbidden"),
    "managers": _row("forbidden", nobody="sign_in", manager="in"),
    "coordinators and managers": _row(
        "forbidden", nobody="sign_in", coordinator="in", coordinator_elsewhere="in", manager="in"
    ),
    "any coordinator": _row("forbidden", nobody="sign_in", coordinator="in", coordinator_elsewhere="in"),
    "the programme's coordinator": _row("forbidden", nobody="sign_in", coordinator="in"),
    "the programme's coordinator, unknown to others": _row(
        "forbidden", nobody="sign_in", coordinator="in", coordinator_elsewhere="unknown"
    ),
    "the coordinator who made it": _row("forbidden", nobody="sign_in", coordinator="in", coordinator_elsewhere="unknown"),
    "the coordinator of individual forms": _row("unknown", nobody="sign_in", coordinator="in"),
}


@dataclass(frozen=True)
class Asked:
    """One row: who is let in; what a form has to say to get past its own questions; of which programme the cohort is."""

    kind: str
    form: Mapping[str, str] = field(default_factory=dict)
    section: str = "2.8"


COHORT = "/personal/grupper/{cohort_id}"
PERSON = COHORT + "/deltagare/{enrolment_id}"
START = "/personal/starter/{cohort_id}"
SESSION = "/personal/traffar/{session_id}"
_MINE, _THEIRS = "who works with the cohort", "its coordinator"
# A form that names somebody, and one that closes.
_WHO, _RECORD = {"vem": "{enrolment_id}"}, {"protokoll": "00000000-0000-4000-8000-000000000000"}

_PUBLIC = (
    "GET /", "GET /api/v1/programmes", "GET /api/v1/programmes/{slug}", "GET /api/v1/starts", "GET /schema/openapi.json",
    "GET /anmalan/{public_id}", "POST /anmalan/{public_id}", "GET /health/live", "GET /health/ready", "GET /metrics",
    "GET /insatser/{slug}", "GET /kalender", "GET /kontakt", "GET /logga-in", "POST /logga-in", "POST /logga-ut",
    "GET /min-plats", "POST /min-plats", "POST /min-plats/alder", "POST /min-plats/angra", "POST /min-plats/erbjudande",
    "POST /min-plats/godkann", "POST /min-plats/kalender", "GET /min-plats/klart", "POST /min-plats/kommer",
    "GET /min-plats/lamna", "POST /min-plats/lamna", "POST /min-plats/radera", "POST /min-plats/stang",
    "GET /min-plats/flytta", "POST /min-plats/flytta", "POST /min-plats/kan-da", "POST /min-plats/sprak",
    "POST /min-plats/studiebesok", "POST /min-plats/studiebesok/avboka", "POST /min-plats/syskon",
    "GET /min-plats/samtycke", "POST /min-plats/samtycke", "POST /min-plats/var-for-sig", "POST /min-plats/vidare",
    "GET /snabbt", "GET /sprak", "GET /tillganglighet", "GET /u",
    "POST /u", "GET /u/skydd", "GET /u/tack", "GET /uppgifter",
)  # fmt: skip
# What needs a secret of its own that nobody here has: the token of a calendar, the digest of a file, a demo's folder.
_OF_ITS_OWN = ("GET /demo/mejl", "GET /k/{name}", "GET /static/{digest}/{name}")
_SECOND_STEP = (
    "GET /logga-in/kod", "POST /logga-in/kod", "GET /logga-in/skaffa-kod", "POST /logga-in/skaffa-kod",
)  # fmt: skip
# Only with a provider in the settings, which these tests have not.
_SINGLE_SIGN_ON = ("GET /logga-in/konto", "GET /logga-in/svar")
_ANY_STAFF = (
    "GET /personal/bekrafta", "POST /personal/bekrafta", "GET /personal/konto", "POST /personal/konto/andra",
    "GET /personal/konto/kod", "POST /personal/konto/kod", "GET /personal/konto/losenord", "POST /personal/konto/losenord",
    "POST /personal/konto/reservkoder", "POST /personal/konto/session",
    "GET /personal/grupper", "GET /personal/idag", "GET /personal/kalender", "GET /personal/orosanmalan",
    "GET /personal/grupper.csv", "GET /personal/sjuk", "GET /personal/starter", "GET /personal/starter.csv",
    "GET /personal/veckan", "GET /personal/veckan.csv",
    "GET /personal/tolkningar", "GET /personal/utvarderingar",
)  # fmt: skip
_OF_COHORT = (
    f"GET {COHORT}", f"GET {COHORT}/anmal", f"POST {COHORT}/anmal", f"GET {COHORT}/avsluta",
    f"GET {COHORT}/avsluta/i-fortid", f"POST {COHORT}/avsluta/i-fortid", f"GET {COHORT}/avsluta/radera", f"GET {PERSON}",
    f"GET {PERSON}/far-inte-motas", f"POST {PERSON}/far-inte-motas",
    f"GET {PERSON}/alder", f"POST {PERSON}/alder", f"POST {PERSON}/avsluta", f"POST {PERSON}/besok",
    f"GET {PERSON}/flytta", f"POST {PERSON}/flytta", f"POST {PERSON}/ko", f"POST {PERSON}/kod", f"POST {PERSON}/kommer",
    f"POST {PERSON}/legitimation", f"POST {PERSON}/papper",
    f"POST {PERSON}/legitimation/angra", f"POST {PERSON}/papper/angra", f"POST {PERSON}/samtycke",
    f"POST {PERSON}/sprak", f"POST {PERSON}/studs",
    f"GET {PERSON}/uppgifter", f"POST {PERSON}/uppgifter", f"POST {PERSON}/var-for-sig", f"GET {PERSON}/villkor",
    f"POST {PERSON}/villkor", f"POST {PERSON}/villkor/angra", f"GET {COHORT}/ko",
    f"GET {COHORT}/andrat", f"POST {COHORT}/andrat",
    f"GET {COHORT}/checklista",
    f"GET {COHORT}/besked", f"POST {COHORT}/besked",
    f"GET {COHORT}/narvaro", f"GET {COHORT}/ring", f"GET {COHORT}/studiebesok",
    f"POST {COHORT}/studiebesok",
    f"POST {COHORT}/studiebesok/senast", f"GET {COHORT}/studiebesok/{{slot_id}}/stall-in",
    f"POST {COHORT}/studiebesok/{{slot_id}}/stall-in", f"POST {COHORT}/studiebesok/{{slot_id}}/ta-bort",
    f"GET {COHORT}/traffar", f"GET {COHORT}/traffar.csv", f"GET {COHORT}/utskrifter", f"GET {COHORT}/utvardering",
    f"GET {COHORT}/utvardering/lappar", f"POST {COHORT}/utvardering/lappar", f"POST {COHORT}/utvardering/lappar.pdf",
    f"GET {COHORT}/utvardering/stang",
    f"POST {COHORT}/utvardering/stang", f"GET {SESSION}/flytta", f"POST {SESSION}/flytta", f"GET {SESSION}/narvaro",
    f"POST {SESSION}/narvaro", f"GET {SESSION}/stall-in", f"POST {SESSION}/stall-in",
    f"GET {SESSION}/besked", f"GET {SESSION}/besked/nu", f"GET {SESSION}/sjuk",
)  # fmt: skip
_OF_ITS_COORDINATOR = (
    f"POST {COHORT}/ko", f"GET {COHORT}/ledare", f"POST {COHORT}/ledare", f"GET {SESSION}/ledare", f"POST {SESSION}/ledare",
    f"GET {COHORT}/flytta-flera", f"POST {COHORT}/flytta-flera",
    f"POST {COHORT}/oppna", f"GET {START}/platser", f"POST {START}/platser",
    f"GET {START}/skjut-upp", f"POST {START}/skjut-upp", f"GET {START}/stall-in", f"POST {START}/stall-in",
    f"GET {START}/starta", f"POST {START}/starta", f"POST {START}/angra", f"POST {PERSON}/stopp", f"POST {PERSON}/skydd",
)  # fmt: skip
_OF_COORDINATORS = (
    "GET /personal/starter/per-ar", "POST /personal/starter/per-ar",
    "GET /personal/grupper/ny", "GET /personal/lokaler", "POST /personal/lokaler",
    "GET /personal/stangningar", "POST /personal/stangningar",
    "GET /personal/stangningar/{closure_id}", "GET /personal/stangningar/{closure_id}/ta-bort",
    "POST /personal/stangningar/{closure_id}/ta-bort",
    "GET /personal/lokaler.csv", "GET /personal/stangningar.csv", "GET /personal/gallras.csv",
    "GET /personal/texter", "POST /personal/texter", "GET /personal/gallras", "POST /personal/gallras",
)  # fmt: skip

TABLE: Mapping[str, Asked] = {
    **dict.fromkeys(_PUBLIC, Asked("everybody")),
    **dict.fromkeys(_OF_ITS_OWN, Asked("who has its own secret")),
    **dict.fromkeys(_SECOND_STEP, Asked("who has just given a password")),
    **dict.fromkeys(_SINGLE_SIGN_ON, Asked("everybody, where there is single sign-on")),
    **dict.fromkeys(_ANY_STAFF, Asked("any staff")),
    **dict.fromkeys(_OF_COHORT, Asked(_MINE)),
    **dict.fromkeys(_OF_ITS_COORDINATOR, Asked(_THEIRS)),
    **dict.fromkeys(_OF_COORDINATORS, Asked("any coordinator")),
    "GET /personal/statistik": Asked("coordinators and managers"),
    "GET /personal/statistik.csv": Asked("coordinators and managers"),
    "GET /personal/statistik/utlamning": Asked("coordinators and managers"),
    "GET /personal/statistik/utlamning.csv": Asked("coordinators and managers"),
    "GET /personal/rapport": Asked("coordinators and managers"),
    "POST /personal/rapport": Asked("managers"),
    "GET /personal/rapport/{document}": Asked("coordinators and managers"),
    "GET /personal/lage": Asked("any staff"),
    "GET /personal/efterlevnad": Asked("managers"),
    "GET /personal/efterlevnad.csv": Asked("managers"),
    "GET /personal/granskning.csv": Asked("managers"),
    "GET /personal/granskning/{month}/rader.csv": Asked("managers"),
    "GET /personal/gallring.csv": Asked("managers"),
    "GET /personal/gallring/protokoll.csv": Asked("managers"),
    "GET /personal/granskning": Asked("managers"),
    "GET /personal/gallring": Asked("managers"),
    "GET /personal/gallring/regler/{subject}": Asked("managers"),
    "POST /personal/gallring/regler/{subject}": Asked("managers", {"tid": "6", "beslut": "KS 12"}),
    "GET /personal/gallring/regler/{subject}/kortare": Asked("managers"),
    "POST /personal/gallring/regler/{subject}/kortare": Asked("managers", {"tid": "5", "beslut": "KS 12"}),
    "GET /personal/gallring/protokoll/{receipt_id}": Asked("managers"),
    "GET /personal/gallring/stopp": Asked("managers"),
    "POST /personal/gallring/stopp": Asked("managers", {"grupp": "{cohort_id}", "nummer": "1", "stopp": "court"}),
    "POST /personal/gallring/stopp/hav": Asked("managers", {"grupp": "{cohort_id}", "nummer": "1", "vilket": "1"}),
    f"POST {PERSON}/stopp/hav": Asked(_THEIRS, {"vilket": "1"}),
    "GET /personal/gallras/{batch_id}/arkiv": Asked("the coordinator who made it"),
    "POST /personal/gallras/{batch_id}/arkiv": Asked("the coordinator who made it", {"summa": "x"}),
    "GET /personal/gallras/{batch_id}/arkiv.zip": Asked("the coordinator who made it"),
    "GET /personal/granskning/{month}": Asked("managers"),
    "POST /personal/granskning/{month}": Asked("managers"),
    "GET /personal/sok": Asked("leaders and coordinators"),
    "POST /personal/sok": Asked("leaders and coordinators", {"vem": "Anna Ask"}),
    "GET /personal/gallring/{receipt_id}": Asked("who works with the cohort, and managers"),
    f"GET {COHORT}/deltagare.csv": Asked("who works with the cohort, but no substitute"),
    f"GET {COHORT}/ko.csv": Asked("who works with the cohort, but no substitute"),
    f"POST {COHORT}/avsluta": Asked(_MINE, {"steg": "ending"}),
    f"POST {COHORT}/avsluta/radera": Asked(_MINE, _RECORD),
    f"POST {COHORT}/ko/tillbaka": Asked(_THEIRS, _WHO),
    f"POST {COHORT}/ko/ta-plats": Asked(_MINE, _WHO),
    f"POST {COHORT}/ring": Asked(_MINE, _WHO),
    f"GET {COHORT}/boka": Asked(_MINE, section="2.14"),
    f"POST {COHORT}/boka": Asked(_MINE, section="2.14"),
    f"GET {COHORT}/boka-flera": Asked(_MINE, section="2.14"),
    f"POST {COHORT}/boka-flera": Asked(_MINE, section="2.14"),
    f"POST {SESSION}/sjuk": Asked(_MINE, {"sedd": "0"}),
    f"POST {SESSION}/vikarie": Asked(_MINE, {"gor": "frisk", "vem": "{leader_id}"}),
    "GET /personal/vikariat/{request_id}": Asked("who was asked"),
    "POST /personal/vikariat/{request_id}": Asked("who was asked", {"svar": "nej"}),
    f"POST {SESSION}/besked": Asked(_MINE, {**_WHO, "besked": "{notice_id}", "svar": "inte"}),
    f"POST {SESSION}/besked/kontakt": Asked(_MINE, _WHO, "2.1"),
    f"GET {COHORT}/starta-samtal": Asked(_MINE, section="2.14"),
    f"POST {COHORT}/starta-samtal": Asked(_MINE, section="2.14"),
    f"GET {PERSON}/utdrag": Asked(_THEIRS),
    f"POST {PERSON}/utdrag": Asked(_THEIRS, {"hur": "shown"}),
    f"GET {PERSON}/utdrag.json": Asked(_THEIRS),
    f"GET {PERSON}/utdrag.pdf": Asked(_THEIRS),
    f"GET {PERSON}/partner": Asked(_MINE, section="2.14"),
    f"POST {PERSON}/partner": Asked(_MINE, {"namn": "Pia Ek"}, "2.14"),
    f"POST {PERSON}/partner/ta-bort": Asked(_MINE, section="2.14"),
    f"POST {COHORT}/utvardering/egna-ord": Asked(_MINE, {"ord": "Vi har lyssnat på varandra.", "ingen": "ja"}, "2.1"),
    f"POST {PERSON}/kontakt": Asked(_MINE, {"skal": "changed"}, "2.1"),
    f"POST {PERSON}/erbjudande": Asked(_MINE, {"svar": "ja"}),
    "POST /personal/grupper/ny": Asked("the programme's coordinator", {"insats": "{section}"}),
    "POST /personal/kalender": Asked(_MINE, {"kalender": "{cohort_id}"}),
    "POST /personal/texter/{text_id}/ta-tillbaka": Asked("the programme's coordinator, unknown to others"),
    "GET /personal/tolkningar/{section}/{key}": Asked("the programme's coordinator"),
    "POST /personal/tolkningar/{section}/{key}": Asked("the programme's coordinator"),
    "GET /personal/utvarderingar/{slug}/fragor": Asked("the programme's coordinator"),
    "POST /personal/utvarderingar/{slug}/fragor": Asked("the programme's coordinator"),
    "GET /personal/utvarderingar/{slug}/kommentarer": Asked("the programme's coordinator"),
    "POST /personal/utvarderingar/{slug}/kommentarer": Asked("the programme's coordinator"),
    "GET /personal/utvarderingar/{slug}/kommentarer/visa": Asked("the programme's coordinator"),
    "POST /personal/utvarderingar/{slug}/kommentarer/visa": Asked("the programme's coordinator"),
    "GET /personal/utvarderingar/{slug}/stryk": Asked("the programme's coordinator"),
    "POST /personal/utvarderingar/{slug}/stryk": Asked("the programme's coordinator"),
    "GET /personal/utvarderingar/{slug}/svar.csv": Asked(_MINE),
    "GET /personal/utvarderingar/{slug}/svar.xlsx": Asked(_MINE),
    "GET /personal/utvarderingar/lador": Asked("the coordinator of individual forms", section="2.14"),
    "POST /personal/utvarderingar/lador": Asked("the coordinator of individual forms", section="2.14"),
    "POST /personal/utvarderingar/lador.pdf": Asked("the coordinator of individual forms", section="2.14"),
}
# Where the form itself says of which programme or cohort it is.
BY_FORM = frozenset({"POST /personal/grupper/ny", "POST /personal/kalender"})
