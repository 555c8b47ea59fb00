"""What figures are called and what they mean, for the page, files and reports. Words only."""

from programmes.core.i18n import day_plain, ngettext, thousands
from programmes.core.i18n import gettext as _
from programmes.oversight.statistics.rules import Figure, Period, Section, Window


def label(figure: Figure, form: str) -> str:
    """What a figure is called, of a group, a series of talks or an open place."""
    group = form == "group"
    texts: dict[Figure, str] = {
        "form": _("Insatser i form av grupp") if group else _("Insatser i form av samtal"),
        "starts": _("Starter"),
        "cancelled_starts": _("Inställda starter"),
        "held": _("Hållna träffar") if group else _("Hållna samtal"),
        "cancelled_sessions": _("Inställda träffar") if group else _("Inställda samtal"),
        "occasions": _("Öppna tillfällen"),
        "talks": _("Antal samtal"),
        "people": _("Olika deltagare"),
        "women": _("Kvinnor"),
        "men": _("Män"),
        "other": _("Annat eller okänt kön"),
        "visits": _("Besök"),
        "visits_women": _("Besök av kvinnor"),
        "visits_men": _("Besök av män"),
        "visits_other": _("Besök av övriga"),
        "completed": _("Fullföljde"),
        "dropped_out": _("Avbröt"),
        "waiting": _("Väntetid i snitt"),
        "no_shows": _("Gånger någon uteblev"),
        "study_visits": _("Studiebesök"),
        "led_on": _("Studiebesök som ledde vidare"),
        "ended_completed": _("Avslutades som planerat"),
        "ended_early": _("Avslutades i förtid"),
        "ended_cancelled": _("Blev inte av"),
        "answers": _("Svar på utvärderingen"),
        "response_rate": _("Svarsfrekvens"),
    }
    return texts[figure]


def definition(figure: Figure) -> str:
    """How a figure is counted, for whoever reads a report."""
    texts: dict[Figure, str] = {
        "form": _("Grupper och serier som avslutades i perioden, efter vilken form insatsen har."),
        "starts": _("Grupper och serier vars första träff eller samtal var i perioden."),
        "cancelled_starts": _("Starter som ställdes in i perioden, och grupper där inget hölls."),
        "held": _("Träffar eller samtal som hölls, i grupper och serier som avslutades i perioden."),
        "cancelled_sessions": _("Träffar eller samtal som ställdes in, i grupper och serier som avslutades i perioden."),
        "occasions": _("Tillfällen i perioden då det var öppet."),
        "talks": _("Samtal som hölls. En träff i en grupp räknas som ett samtal, hur många som än var med."),
        "people": _(
            "De som var med minst en gång, i grupper och serier som avslutades i perioden. Den som var med i två grupper "
            "räknas i båda."
        ),
        "women": _("De deltagare som har sagt att de är kvinnor."),
        "men": _("De deltagare som har sagt att de är män."),
        "other": _(
            "Annat svar, eller inget. Där deltagare dokumenteras frågar tjänsten inte efter kön. Det läses aldrig ur ett "
            "personnummer, så alla räknas som okänt."
        ),
        "visits": _("Varje gång någon var med är ett besök, så samma person kan räknas flera gånger."),
        "visits_women": _("Besök av dem som har sagt att de är kvinnor."),
        "visits_men": _("Besök av dem som har sagt att de är män."),
        "visits_other": _("Besök av dem som har sagt något annat, eller inget."),
        "completed": _(
            "Deltagare som hade sin plats till slutet och var med minst en gång, eller som personalen säger det om."
        ),
        "dropped_out": _("De som lämnade sin plats efter starten, och de som hade en plats men aldrig kom."),
        "waiting": _(
            "Dagar från anmälan till första träffen, eller till platsen om den kom senare. Räknas för dem som var med minst "
            "en gång."
        ),
        "no_shows": _("Frånvaro som inte var anmäld, en gång för varje träff."),
        "study_visits": _("Studiebesök som blev av, inför grupper som avslutades i perioden."),
        "led_on": _("Studiebesök efter vilka personen fick en klar plats."),
        "ended_completed": _("Grupper och serier som avslutades i perioden, enligt plan."),
        "ended_early": _("Grupper och serier som avslutades i perioden, före det som var planerat."),
        "ended_cancelled": _("Grupper och serier som avslutades i perioden utan att ha blivit av."),
        "answers": _(
            "Svar i de utvärderingar vars resultat visades första gången i perioden. Färre än fem svar visas inte förrän de "
            "blandas med andras."
        ),
        "response_rate": _("Svar av utdelade lappar, i de utvärderingar vars resultat visades första gången i perioden."),
    }
    return texts[figure]


_NOTED: frozenset[Figure] = frozenset({
    "held", "cancelled_sessions", "talks", "people", "women", "men", "other", "visits", "completed", "dropped_out",
    "no_shows",
})  # fmt: skip
_COUNTED_AT_THE_DOOR: frozenset[Figure] = frozenset({"occasions", "visits_women", "visits_men", "visits_other"})


def source(figure: Figure) -> str:
    """From what a figure is counted, for whoever reads a report."""
    if figure in _NOTED:
        return _("Närvaron som gruppledaren noterar vid varje träff, och vad som noteras när gruppen avslutas.")
    if figure in _COUNTED_AT_THE_DOOR:
        return _("Antalet som noteras vid varje öppet tillfälle.")
    if figure in {"answers", "response_rate"}:
        return _("Utvärderingens lappar och de svar som har visats.")
    if figure in {"study_visits", "led_on"}:
        return _("Studiebesöken som noteras, och platserna efter dem.")
    if figure == "waiting":
        return _("Dagen för anmälan och dagen för första träffen.")
    return _("Gruppernas och seriernas planering, och samordnarnas beslut.")


def said(section: Section, figure: Figure, window: Window, place: str = "") -> str:
    """One figure as it is shown: a count, days, per cent, or why there is none."""
    if figure in {"women", "men"} and not section.exempt:
        return _("Frågas inte")
    return amount(figure, section.value(figure, window, place))


def amount(figure: Figure, n: int | None) -> str:
    """A number with its unit; a dash where there is none."""
    if n is None:
        return "–"
    if figure == "waiting":
        return ngettext("%(n)s dag", "%(n)s dagar", n)
    return f"{n} %" if figure == "response_rate" else thousands(n)


def filed(section: Section, figure: Figure, window: Window, place: str = "") -> str:
    """The same for a file: digits only, which a spreadsheet can count with; nothing where there is nothing to work it out
    from, and a dash where the service was not in use."""
    if figure in {"women", "men"} and not section.exempt:
        return _("Frågas inte")
    if not section.known[window]:
        return "–"
    n = section.value(figure, window, place)
    return "" if n is None else str(n)


def unit(figure: str) -> str:
    """What a figure is a number of, if it is no count."""
    units = {"waiting": _("dagar"), "response_rate": _("procent")}
    return units.get(figure, "")


def filed_label(figure: Figure, form: str) -> str:
    """What a figure is called in a file, with its unit if it is no count."""
    return ", ".join(filter(None, (label(figure, form), unit(figure))))


def period_words(period: Period) -> str:
    """`2026`, `januari–juni 2026` or the two days."""
    first, last = period.first, period.last
    if first.year == last.year and (first.day, first.month, last.day, last.month) == (1, 1, 31, 12):
        return str(first.year)
    if first.year == last.year and period.half_years and len(period.half_years) == 1 and period.is_whole_half_years:
        return half_words(period.half_years[0])
    return _("%(first)s till %(last)s", first=day_plain(first), last=day_plain(last))


def half_words(half: str) -> str:
    """`2026-1` as people say it."""
    year = half[:4]
    return _("januari–juni %(year)s", year=year) if half.endswith("1") else _("juli–december %(year)s", year=year)
