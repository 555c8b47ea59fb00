"""What the sessions of a group, a series of talks and an open meeting place are called on the pages about them."""

from dataclasses import dataclass

from programmes.core.i18n import gettext as _


@dataclass(frozen=True)
class SessionWords:
    """Whole phrases, since the words for them bend: en träff, ett samtal, ett öppettillfälle."""

    many: str
    none_coming: str
    none_left: str
    back: str
    replace: str
    add: str
    same_number: str
    one_fewer: str
    new_last: str
    move: str
    move_instead: str
    cancel: str
    keep: str
    stands_cancelled: str
    shown_cancelled: str
    gets_new_time: str
    moved: str
    cancelled: str
    over: str
    replaced: str
    opened: str
    planned: str
    who_come: str
    taken_over: str
    handed_over: str
    leads_once: str
    leads_on: str


def words_for(form: str) -> SessionWords:
    """The phrases for a cohort's form: `group`, `individual` or `drop_in`."""
    return {"individual": _talks, "drop_in": _openings}.get(form, _sessions)()


def _sessions() -> SessionWords:
    return SessionWords(
        many=_("Träffar"),
        none_coming=_("Inga fler träffar är planerade."),
        none_left=_("Inga träffar är kvar."),
        back=_("Till träffarna"),
        replace=_("Ska träffen ersättas?"),
        add=_("Ställ in och lägg till en träff sist"),
        same_number=_("Antalet träffar blir detsamma. Den nya blir %(when)s."),
        one_fewer=_("Det blir en träff färre, och de som följer får nya nummer."),
        new_last=_("Den nya sista träffen är %(when)s."),
        move=_("Flytta träffen"),
        move_instead=_("Flytta träffen i stället"),
        cancel=_("Ställ in träffen"),
        keep=_("Behåll träffen"),
        stands_cancelled=_("Träffen står som inställd."),
        shown_cancelled=_("Träffen står som INSTÄLLT till 30 dagar efter sin dag."),
        gets_new_time=_("Träffen byter tid."),
        moved=_("Träffen är flyttad."),
        cancelled=_("Träffen är inställd."),
        over=_("Träffen har redan varit."),
        replaced=_("Träffen är inställd och en ny är tillagd sist."),
        opened=_("Gruppen är öppen för anmälan."),
        planned=_("Gruppen är sparad som planerad. Inget syns utåt."),
        who_come=_("Deltagarna"),
        taken_over=_("Ser gruppen och får träffen i sin kalender."),
        handed_over=_("Träffen går ur kalendern."),
        leads_once=_("Ser gruppen till och med den dagen."),
        leads_on=_("Tar över som gruppledare. Den som lämnar ser gruppen till dagen före."),
    )


def _talks() -> SessionWords:
    return SessionWords(
        many=_("Samtal"),
        none_coming=_("Inga fler samtal är planerade."),
        none_left=_("Inga samtal är kvar."),
        back=_("Till samtalen"),
        replace=_("Ska samtalet ersättas?"),
        add=_("Ställ in och lägg till ett samtal sist"),
        same_number=_("Antalet samtal blir detsamma. Det nya blir %(when)s."),
        one_fewer=_("Det blir ett samtal färre, och de som följer får nya nummer."),
        new_last=_("Det nya sista samtalet är %(when)s."),
        move=_("Flytta samtalet"),
        move_instead=_("Flytta samtalet i stället"),
        cancel=_("Ställ in samtalet"),
        keep=_("Behåll samtalet"),
        stands_cancelled=_("Samtalet står som inställt."),
        shown_cancelled=_("Samtalet står som INSTÄLLT till 30 dagar efter sin dag."),
        gets_new_time=_("Samtalet byter tid."),
        moved=_("Samtalet är flyttat."),
        cancelled=_("Samtalet är inställt."),
        over=_("Samtalet har redan varit."),
        replaced=_("Samtalet är inställt och ett nytt är tillagt sist."),
        opened=_("Serien är öppen för anmälan."),
        planned=_("Serien är sparad som planerad. Inget syns utåt."),
        who_come=_("Deltagarna"),
        taken_over=_("Ser serien och får samtalet i sin kalender."),
        handed_over=_("Samtalet går ur kalendern."),
        leads_once=_("Ser serien till och med den dagen."),
        leads_on=_("Tar över serien. Den som lämnar ser den till dagen före."),
    )


def _openings() -> SessionWords:
    return SessionWords(
        many=_("Öppettillfällen"),
        none_coming=_("Inga fler öppettillfällen är planerade."),
        none_left=_("Inga öppettillfällen är kvar."),
        back=_("Till öppettillfällena"),
        replace=_("Ska tillfället ersättas?"),
        add=_("Ställ in och lägg till ett tillfälle sist"),
        same_number=_("Antalet tillfällen blir detsamma. Det nya blir %(when)s."),
        one_fewer=_("Det blir ett tillfälle färre."),
        new_last=_("Det nya sista tillfället är %(when)s."),
        move=_("Flytta tillfället"),
        move_instead=_("Flytta tillfället i stället"),
        cancel=_("Ställ in tillfället"),
        keep=_("Behåll tillfället"),
        stands_cancelled=_("Tillfället står som inställt."),
        shown_cancelled=_("Tillfället står som INSTÄLLT till 30 dagar efter sin dag."),
        gets_new_time=_("Tillfället byter tid."),
        moved=_("Tillfället är flyttat."),
        cancelled=_("Tillfället är inställt."),
        over=_("Tillfället har redan varit."),
        replaced=_("Tillfället är inställt och ett nytt är tillagt sist."),
        opened=_("Verksamheten syns nu för alla."),
        planned=_("Verksamheten är sparad som planerad. Inget syns utåt."),
        who_come=_("Besökare"),
        taken_over=_("Ser verksamheten och får tillfället i sin kalender."),
        handed_over=_("Tillfället går ur kalendern."),
        leads_once=_("Ser verksamheten till och med den dagen."),
        leads_on=_("Tar över verksamheten. Den som lämnar ser den till dagen före."),
    )
