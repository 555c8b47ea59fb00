"""Reasons, days off and dates in words. Pure: the language is that of the running request."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import cast

from programmes.catalogue.rules import Programme
from programmes.cohorts.clash_wording_rules import leader_taken, room_taken
from programmes.cohorts.rules import Reason
from programmes.cohorts.schedule_rules import Note, Off, holiday_name
from programmes.cohorts.talk_wording_rules import OF_TALKS, Params
from programmes.core.i18n import (
    capital,
    day_bare,
    day_long,
    day_plain,
    day_year,
    language,
    listed,
    moment_long,
    ngettext,
    speaking,
)
from programmes.core.i18n import gettext as _


def said(reason: Reason, form: str = "group") -> str:
    """The reason as a sentence for the person who reads it, with the guideline's section where it comes from there.

    A series of talks is no group, and has its own words.
    """
    sentence = OF_TALKS.get(reason.code) if form == "individual" else None
    return (sentence or _SENTENCES[reason.code])(reason.params)


def begins_soon(open_to_all: bool) -> str:
    """That calendars may come too late to what begins soon, and what staff do about it. Of who comes to an open place nobody
    knows whom to ring."""
    if open_to_all:
        return _("Det börjar snart. Kalendrar hinner inte alltid före. Sätt en lapp på dörren.")
    return _("Det börjar snart. Kalendrar hinner inte alltid före, så ring genast dem som inte får besked av sig själva.")


def default_name(programme: Programme, first: date) -> str:
    """`Återfallsprevention, höst 2026`; a series by its first day. Names are in Swedish, whoever opens the cohort."""
    with speaking("sv"):
        if programme.form == "individual":
            return f"{programme.short_name}, {day_plain(first)}"
        season = _("vår") if first.month <= 6 else _("höst")
        return f"{programme.short_name}, {season} {first.year}"


def numbered(form: str, number: int | None, of: int = 0) -> str:
    """`träff 3`, `samtal 3`, `öppettillfälle 3`; with `of`, `träff 3 av 10`. A cancelled session has no number."""
    if number is None:
        return {"individual": _("samtal"), "drop_in": _("öppettillfälle")}.get(form, _("träff"))
    if form == "drop_in":
        return _("öppettillfälle %(n)s", n=number)
    if of:
        text = _("samtal %(n)s av %(of)s", n=number, of=of) if form == "individual" else None
        return text or _("träff %(n)s av %(of)s", n=number, of=of)
    return _("samtal %(n)s", n=number) if form == "individual" else _("träff %(n)s", n=number)


def many(form: str, n: int) -> str:
    """`1 träff`, `12 samtal`, `20 öppettillfällen`."""
    if form == "individual":
        return ngettext("%(n)s samtal", "%(n)s samtal", n)
    if form == "drop_in":
        return ngettext("%(n)s öppettillfälle", "%(n)s öppettillfällen", n)
    return ngettext("%(n)s träff", "%(n)s träffar", n)


def weekday_group(weekday: int) -> str:
    """What a group is called where others may look over one's shoulder, by its weekday (Monday is 0): `Måndagsgruppen`."""
    return [
        _("Måndagsgruppen"),
        _("Tisdagsgruppen"),
        _("Onsdagsgruppen"),
        _("Torsdagsgruppen"),
        _("Fredagsgruppen"),
        _("Lördagsgruppen"),
        _("Söndagsgruppen"),
    ][weekday]


def moved_meanwhile(n: int, to: Sequence[str]) -> str:
    """That a decision stands because people have been moved, and to which starts."""
    if not to:
        return ngettext(
            "%(n)s person är redan flyttad till en annan start, så beslutet går inte att ångra.",
            "%(n)s personer är redan flyttade till en annan start, så beslutet går inte att ångra.",
            n,
        )
    return ngettext(
        "%(n)s person är redan flyttad till %(to)s, så beslutet går inte att ångra.",
        "%(n)s personer är redan flyttade till %(to)s, så beslutet går inte att ångra.",
        n,
        to=listed(list(to)),
    )


def why_skipped(day: date, off: Off) -> str:
    """`Annandag påsk, röd dag.` or `Sportlov. Er stängning, alla lokaler.`"""
    if off.kind == "holiday":
        return _("%(name)s, helgdag.", name=holiday_name(day, language()))
    if off.everywhere:
        return _("%(reason)s. Er stängning, alla lokaler.", reason=off.reason)
    return _("%(reason)s. Lokalen är stängd.", reason=off.reason)


def noted(note: Note) -> str:
    """What is worth knowing about a day, as a sentence."""
    if note.kind == "eve":
        return _("Dagen före %(name)s.", name=_definite(holiday_name(note.on, language())))
    plain = {
        "bridge": _("Klämdag."),
        "weekend": _("Helg."),
        "other_weekday": _("En annan veckodag än förut."),
        "room_taken": _("Krock: lokalen är bokad då."),
        "leader_taken": _("Krock: någon som leder gruppen är upptagen då."),
    }
    if note.kind in plain:
        return plain[note.kind]
    day = day_bare(note.on)
    if note.kind == "summer_time":
        return _("Sommartid sedan %(day)s. Klockslaget är detsamma.", day=day)
    return _("Vintertid sedan %(day)s. Klockslaget är detsamma.", day=day)


def closed_days(first: date, last: date) -> str:
    """`22 februari–26 februari 2027`, `31 december 2026–2 januari 2027`, and of a single day `onsdag 7 oktober 2026`."""
    if first == last:
        return day_year(first)
    begins = day_plain(first).rsplit(" ", 1)[0] if first.year == last.year else day_plain(first)
    return f"{begins}–{day_plain(last)}"


def _closed_in_part(p: Params) -> str:
    everywhere = _("alla lokaler")
    met = [
        f"{reason}, {closed_days(first, last)} ({venue or everywhere})"
        for reason, first, last, venue in cast(Sequence[tuple[str, date, date, str]], p["closures"])
    ]
    return _("Dagar i den är redan stängda: %(met)s. Ändra, eller kryssa i att det är meningen.", met=listed(met))


def _sessions_stay(p: Params) -> str:
    return ngettext(
        "%(n)s träff ligger redan då och ligger kvar tills ni flyttar den. Ändra, eller kryssa i att det är meningen.",
        "%(n)s träffar ligger redan då och ligger kvar tills ni flyttar dem. Ändra, eller kryssa i att det är meningen.",
        cast(int, p["n"]),
    )


def _definite(name: str) -> str:
    """`första maj` in the middle of a Swedish sentence; English holidays keep their capitals, and so does whoever one is
    named after: `Kristi himmelsfärdsdag`."""
    return name[:1].lower() + name[1:] if language() == "sv" and not name.startswith("Kristi ") else name


def _span(params: Params, by_guideline: str, own: str) -> str:
    return by_guideline if params["section"] else own


def _sessions(p: Params) -> str:
    if p["section"] and p["least"] == p["most"]:
        return _("Riktlinjen %(section)s säger %(least)s träffar.", **p)
    if p["section"]:
        return _("Riktlinjen %(section)s säger %(least)s till %(most)s träffar.", **p)
    return _("Skriv ett antal från %(least)s till %(most)s.", **p)


def _minimum(p: Params) -> str:
    guided = _("Riktlinjen %(section)s säger minst %(least)s och högst %(most)s deltagare.", **p)
    return _span(p, guided, _("Minst måste vara från %(least)s till %(most)s.", **p))


def _maximum(p: Params) -> str:
    guided = _("Riktlinjen %(section)s säger minst %(least)s och högst %(most)s deltagare.", **p)
    return _span(p, guided, _("Högst måste vara från %(least)s till %(most)s.", **p))


def _name_points(p: Params) -> str:
    if p["leading"] == "address":
        return _(
            "Det ser ut som en adress, och en sådan kan peka ut någon. Är det gruppens namn med en siffra efter? "
            "Skriv till exempel: Livsstigen, grupp 2."
        )
    if p["leading"] == "birth_date":
        return _(
            "Det ser ut som när någon är född. Skriv dagar utan år, eller med hela året: 14 februari 2027. "
            "Skriv kl före ett klockslag."
        )
    return _("Skriv ett namn som inte pekar ut någon. Vi får inte spara personnummer, telefonnummer eller adress här.")


def _day_off(p: Params) -> str:
    day = cast(date, p["day"])
    why = why_skipped(day, cast(Off, p["off"]))
    return _("%(day)s: %(why)s Välj en annan dag, eller kryssa i att det är meningen.", day=capital(day_long(day)), why=why)


def _day_noted(p: Params) -> str:
    day, notes = cast(date, p["day"]), cast(Sequence[Note], p["notes"])
    why = " ".join(noted(note) for note in notes)
    return _("%(day)s: %(why)s Välj en annan dag, eller kryssa i att det är meningen.", day=capital(day_long(day)), why=why)


def _on_the_clock(p: Params) -> dict[str, object]:
    day, typed = cast(date, p["day"]), cast(time, p["time"])
    return {"day": day_bare(day), "time": f"{typed.hour}.{typed:%M}"}


def _below_guideline(p: Params) -> str:
    confirmed = cast(int, p["confirmed"])
    return _(
        "Går inte att starta än. Riktlinjen %(section)s kräver minst %(minimum)s deltagare och %(ready)s.",
        section=p["section"],
        minimum=p["minimum"],
        ready=ngettext("%(n)s är klar", "%(n)s är klara", confirmed),
    )


def _below_own(p: Params) -> str:
    return _(
        "Minst %(minimum)s är er egen gräns. Riktlinjen %(section)s har ingen, så du får starta med färre.",
        minimum=p["minimum"],
        section=p["section"],
    )


def _held(p: Params) -> str:
    return ngettext(
        "%(n)s person har plats. Högst kan inte vara lägre än så.",
        "%(n)s personer har plats. Högst kan inte vara lägre än så.",
        cast(int, p["held"]),
    )


def _strands(p: Params) -> str:
    n, places = cast(int, p["n"]), cast(int, p["maximum"])
    who = ngettext(
        "%(n)s person i kön väntar tillsammans med syskon och vill ha fler platser än %(places)s.",
        "%(n)s personer i kön väntar tillsammans med syskon och vill ha fler platser än %(places)s.",
        n,
        places=places,
    )
    return " ".join([who, _("De kan då inte få platser om de inte väntar var för sig. Kryssa i om det är meningen.")])


_SENTENCES: Mapping[str, Callable[[Params], str]] = {
    "name_points": _name_points,
    "closure_points": lambda p: _(
        "Skriv vad det är som stänger, till exempel Sportlov. Personnummer, födelsedatum, telefonnummer och adress får inte "
        "stå här."
    ),
    "room_address_points": lambda p: _("Skriv lokalens adress. Personnummer, telefonnummer och e-post får inte stå här."),
    "room_points": lambda p: _("Skriv vad lokalen heter. Personnummer, telefonnummer och e-post får inte stå här."),
    "past": lambda p: _("Tiden har redan varit. Välj en tid som kommer."),
    "too_far": lambda p: _("Välj en dag inom två år."),
    "no_days": lambda p: _("Det finns inte tillräckligt många dagar inom tre år. Titta på helgdagar och stängningar."),
    "hour": lambda p: _("Skriv en tid från 6.00 till 23.00."),
    "clock_skipped": lambda p: _(
        "Natten till %(day)s ställs klockan fram, så %(time)s finns inte: den läses som en timme senare. Skriv en tid "
        "från 6.00 till 23.00.",
        **_on_the_clock(p),
    ),
    "clock_twice": lambda p: _(
        "Natten till %(day)s ställs klockan tillbaka, så %(time)s kommer två gånger: den första gäller. Skriv en tid "
        "från 6.00 till 23.00.",
        **_on_the_clock(p),
    ),
    "ends_first": lambda p: _("Sluttiden måste vara efter starttiden."),
    "too_long": lambda p: _("En träff är högst åtta timmar."),
    "sessions": _sessions,
    "only_talks": lambda p: _("Bara samtal kan bokas ett i taget."),
    "weeks": lambda p: _("Skriv ett antal veckor från %(least)s till %(most)s.", **p),
    "minimum": _minimum,
    "maximum": _maximum,
    "starts_a_year": lambda p: _("Skriv ett tal från %(least)s till %(most)s.", **p),
    "minimum_above": lambda p: _("Minst kan inte vara mer än högst."),
    "held": _held,
    "strands": _strands,
    "last_entry": lambda p: _("Skriv ett tal från 1 till %(most)s.", **p),
    "only_at_start": lambda p: _("Efter starten tar %(section)s inte in nya deltagare.", **p),
    "leader_missing": lambda p: _("Välj minst en gruppledare."),
    "venue_missing": lambda p: _("Välj en lokal, eller skriv en ny."),
    "opens_after_decision": lambda p: _("Anmälan måste öppna senast den dag då ni beslutar."),
    "decided_after_start": lambda p: _("Beslutet måste tas senast samma dag som första träffen."),
    "visit_overlaps": lambda p: _("Tiden krockar med ett studiebesök ovanför. Samma ledare håller dem."),
    "visit_held": lambda p: _("Ledaren håller ett annat studiebesök då, i en annan grupp."),
    "visit_after_start": lambda p: _("Studiebesöket måste vara före första träffen."),
    "before_decision": lambda p: _(
        "Beslutet om start tas senast %(day)s. Träffen kan inte ligga före det.", day=day_long(cast(date, p["day"]))
    ),
    "overlap": lambda p: _("Gruppen har redan en träff då."),
    "unchanged": lambda p: _("Det är samma dag, tid och lokal som förut. Ändra något av dem."),
    "day_off": _day_off,
    "day_noted": _day_noted,
    "has_been": lambda p: _(
        "Träffen %(moment)s har redan varit. Kryssa i om det är den som ska ändras.",
        moment=moment_long(cast(datetime, p["starts_at"])),
    ),
    "has_begun": lambda p: _(
        "Träffen %(moment)s har redan börjat. Kryssa i om det är den som ska ändras.",
        moment=moment_long(cast(datetime, p["starts_at"])),
    ),
    "soon": lambda p: " ".join([begins_soon(bool(p["open"])), _("Kryssa i att det är meningen.")]),
    "room_taken": room_taken,
    "leader_taken": leader_taken,
    "cohort_over": lambda p: _("Gruppen är avslutad eller inställd, så träffarna ändras inte längre."),
    "session_held": lambda p: _("Träffen är redan hållen."),
    "session_cancelled": lambda p: _("Träffen är redan inställd."),
    "last_session": lambda p: _("Det är den sista träffen som är kvar. Lägg till en ny, eller ställ in hela starten."),
    "added_changed": lambda p: _(
        "Den nya skulle nu bli %(when)s. Inget är ändrat än. Tryck igen om det går bra.",
        when=moment_long(cast(datetime, p["starts_at"])),
    ),
    "no_day_at_end": lambda p: _("Det finns ingen ledig dag att lägga till inom tre år."),
    "not_announced": lambda p: _("Gruppen är inte öppen för anmälan än."),
    "no_sessions": lambda p: _("Gruppen har inga träffar."),
    "nobody": lambda p: _("Ingen är klar än."),
    "below_guideline": _below_guideline,
    "below_own": _below_own,
    "fewer_why": lambda p: _("Välj varför gruppen startar med färre."),
    "not_later": lambda p: _(
        "Skjut upp till en dag efter %(day)s, som är första träffen nu.", day=day_long(cast(date, p["day"]))
    ),
    "far_later": lambda p: _(
        "Menar du %(day)s? Det är mer än ett halvår senare än nu. Ändra, eller kryssa i att det är meningen.",
        day=day_year(cast(date, p["day"])),
    ),
    "ends_before": lambda p: _("Sista dagen kan inte vara före den första."),
    "closed_already": lambda p: _("De dagarna är redan stängda där."),
    "closed_in_part": _closed_in_part,
    "closed_past": lambda p: _("De dagarna har redan varit. Sista dagen kan tidigast vara idag."),
    "sessions_stay": _sessions_stay,
    "closed_too_long": lambda p: _("En stängning är högst fyra månader."),
    "leads_already": lambda p: _("Personen är redan gruppledare här."),
    "last_leader": lambda p: _("Det är gruppens enda gruppledare. Lägg till en annan först."),
    "apart": lambda p: _(
        "Krock den %(day)s. Ändra, eller kryssa i att det är meningen.",
        day=day_bare(cast(date, p["day"])),
    ),
    "instead_elsewhere": lambda p: _(
        "%(who)s, som skulle leda den här gången, är upptagen den %(day)s. Flyttar du ändå leder de som brukar.",
        who=p["who"],
        day=day_bare(cast(date, p["day"])),
    ),
    "comes_before": lambda p: _(
        "Den hamnar då före träffen %(day)s, så numren ändras. Ändra, eller kryssa i att det är meningen.",
        day=day_long(cast(date, p["day"])),
    ),
    "comes_after": lambda p: _(
        "Den hamnar då efter träffen %(day)s, så numren ändras. Ändra, eller kryssa i att det är meningen.",
        day=day_long(cast(date, p["day"])),
    ),
    "apart_again": lambda p: _(
        "Det blir en krock den %(day)s. Ändra träffen på nytt i stället.",
        day=day_bare(cast(date, p["day"])),
    ),
    "before_previous": lambda p: _(
        "Träffen före är %(day)s. Resten måste ligga efter den.", day=day_long(cast(date, p["day"]))
    ),
    "stands_already": lambda p: _("Personen kommer redan till den träffen."),
    "past_before": lambda p: _("Tiden som var förut har redan börjat, så ändringen går inte att ångra."),
    "led_by_now": lambda p: _(
        "Det har ändrats vem som leder %(moment)s: nu är det %(who)s. Tryck en gång till om det ändå ska ställas in.",
        moment=moment_long(cast(datetime, p["at"])),
        who=listed(list(cast(Sequence[str], p["who"]))),
    ),
    "moved_meanwhile": lambda p: moved_meanwhile(cast(int, p["n"]), cast(Sequence[str], p["to"])),
    "changed_meanwhile": lambda p: _("Något i gruppen har ändrats efter beslutet, så det går inte att ångra."),
    "already_held": lambda p: ngettext(
        "%(n)s träff är redan hållen och antecknad, så starten kan inte skjutas upp.",
        "%(n)s träffar är redan hållna och antecknade, så starten kan inte skjutas upp.",
        cast(int, p["n"]),
    ),
    "held_not_to_cancel": lambda p: ngettext(
        "%(n)s träff är redan hållen och antecknad, så starten kan inte ställas in. Det som är antecknat skulle inte "
        "räknas.",
        "%(n)s träffar är redan hållna och antecknade, så starten kan inte ställas in. Det som är antecknat skulle inte "
        "räknas.",
        cast(int, p["n"]),
    ),
    "held_open": lambda p: _(
        "Det har redan hållits, och det är antecknat hur många som kom. Det räknas inte om ni ställer in. Ställ in de "
        "tillfällen som är kvar i stället, och avsluta sedan."
    ),
}
