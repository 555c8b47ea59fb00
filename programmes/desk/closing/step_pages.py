"""What each step of closing says, done or not."""

from programmes.attendance.wording import said
from programmes.cohorts.rules import ends_early
from programmes.core.i18n import gettext as _
from programmes.core.i18n import ngettext
from programmes.desk.closing.rules import ClosingFacts, Ending, Step


def ending_text(ending: Ending | None) -> str:
    """How a group ended, from the fixed list."""
    return {
        "completed": _("Genomförd som planerat"),
        "ended_early": _("Avslutades i förtid"),
        "cancelled": _("Blev inte av"),
    }.get(ending or "", "")


def words(facts: ClosingFacts, step: Step) -> tuple[str, str]:
    return {
        "decision": _decision,
        "attendance": _attendance,
        "ending": _ending,
        "evaluation": _evaluation,
        "unique": _unique,
        "own_words": _own_words,
        "transfer": _transfer,
    }[step.key](facts, step.done)


def _decision(facts: ClosingFacts, done: bool) -> tuple[str, str]:
    """What nobody has decided yet."""
    title, who = _("Besluta först om gruppen startar"), _("Samordnaren beslutar.")
    if facts.decision == "end":
        title = _("Besluta först att gruppen slutar")
        why = _(
            "För få är klara för att den ska kunna starta, och eftersom en del är hållen kan den inte heller ställas in."
        )
        return title, " ".join((who, why, _("De som har plats eller står i kö får veta.")))
    return title, who + " " + _("Tills dess kan gruppen inte avslutas, och de som står i kö väntar på beslutet.")


def _attendance(facts: ClosingFacts, done: bool) -> tuple[str, str]:
    talks = facts.form == "individual"
    titles = {
        "names": _("Alla samtal har närvaro") if talks else _("Alla träffar har närvaro"),
        "count": _("Alla tillfällen har antal"),
        "held": _("Alla samtal är antecknade") if talks else _("Alla träffar är antecknade"),
    }
    if done:
        return titles[facts.kind], ngettext("%(n)s tillfälle.", "%(n)s tillfällen.", facts.sessions)
    parts = []
    if facts.unnoted:
        n = facts.unnoted
        parts.append(ngettext("%(n)s tillfälle saknar sin anteckning.", "%(n)s tillfällen saknar sin anteckning.", n))
    if facts.coming:
        parts.append(ngettext("%(n)s tillfälle är kvar.", "%(n)s tillfällen är kvar.", facts.coming))
        if ends_early(facts.state, facts.form):
            parts.append(_("Slutar det i förtid ställer du in alla på en gång, så att alla får veta."))
        elif not facts.decision:
            parts.append(_("Slutar det i förtid ställer du in dem först, så att alla får veta."))
    return titles[facts.kind], " ".join(parts)


def _ending(facts: ClosingFacts, done: bool) -> tuple[str, str]:
    text = f"{ending_text(facts.ending)}." if done else _("Välj ur listan. Skriv aldrig varför.")
    return (_("Hur insatsen slutade") if facts.form == "individual" else _("Hur gruppen slutade")), text


def _evaluation(facts: ClosingFacts, done: bool) -> tuple[str, str]:
    title = _("Utvärderingen är stängd")
    if facts.box == "missing":
        waits = _("Lådan för svar görs i ordning. Vänta en stund.")
        if facts.state != "started":
            waits = _("Den börjar när gruppen har startat.")
        return title, _("Ingen utvärdering gjordes.") if done else waits
    if not done:
        return title, _("Den stängs efter den sista planerade träffen, inställd eller inte, eller när du stänger den.")
    return title, _("Det går inte att öppna den igen.")


def _unique(facts: ClosingFacts, done: bool) -> tuple[str, str]:
    title = _("Hur många olika personer var med?")
    if done and facts.unique:
        return title, said(facts.unique) + "."
    return title, _("Antalen per träff går inte att lägga ihop, för samma person kom flera gånger.")


def _own_words(facts: ClosingFacts, done: bool) -> tuple[str, str]:
    title = _("Gruppens egna ord")
    if facts.own_words:
        return title, _("De är sparade.")
    if done:
        return title, _("Behövs inte.")
    if facts.box in {"open", "missing"}:
        return title, _("Högst tre meningar som gruppen har sagt högt tillsammans. Behövs om det blir färre än fem svar.")
    if facts.box == "counting":
        return title, _("Svaren räknas. Ladda om sidan om en stund, så syns det om orden behövs.")
    return title, _("Färre än fem svarade. Skriv högst tre meningar som gruppen har sagt högt tillsammans.")


def _transfer(facts: ClosingFacts, done: bool) -> tuple[str, str]:
    title = _("Närvaron är förd till verksamhetssystemet")
    if done:
        return title, _("Det är bekräftat. Ändras närvaron efteråt ska det bekräftas på nytt.")
    return title, _("Den här insatsen dokumenteras på person. För över sammanfattningen innan gruppen avslutas.")
