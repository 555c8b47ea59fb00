"""What is said when something cannot be done as it stands now: a title and a text for each code of a conflict.

The tables hold message ids, which are put into the language of the page when they are shown.
"""

from collections.abc import Mapping

from programmes.core.i18n import N_, gettext

Texts = Mapping[str, tuple[str, str]]

# A place of one's own.
_PLACES: Texts = {
    "other_place": (
        N_("En annan plats visas nu"),
        N_("Det du tryckte på gällde en annan plats, kanske ett syskons i en annan flik. Inget är ändrat."),
    ),
    "enrolment_over": (
        N_("Det går inte längre"),
        N_("Din plats eller anmälan har ändrats sedan sidan visades. Öppna Min plats igen."),
    ),
    "may_not_move": (
        N_("Det går inte att flytta nu"),
        N_("Starten är varken inställd eller framflyttad längre, så platsen är din som förut. Öppna Min plats igen."),
    ),
    "day_moved": (
        N_("Dagarna har ändrats igen"),
        N_("Det du svarade på gäller inte längre. Titta på dagarna på Min plats, och svara sedan."),
    ),
    "offer_over": (
        N_("Erbjudandet har gått ut"),
        N_("Tiden för att svara har gått ut, så det går inte längre att tacka ja. På Min plats står vad du kan göra."),
    ),
    "offer_ended_queued": (
        N_("Erbjudandet gäller inte längre"),
        N_("Du står kvar i kön och har kvar din tur. På Min plats ser du vilket nummer du har."),
    ),
    "offer_ended_cancelled": (
        N_("Erbjudandet gäller inte längre"),
        N_("Starten är inställd. På Min plats ser du vad du kan göra i stället."),
    ),
    "texts_changed": (
        N_("Texten har fått en ny version"),
        N_("Läs den nya versionen och godkänn den. Inget av det du skickade är sparat."),
    ),
    "undo_over": (N_("Det går inte att ångra längre"), N_("Timmen har gått. Du kan anmäla dig igen om det finns plats.")),
    "ran_out": (
        N_("Det finns inget att ångra"),
        N_("Det tog slut utan att du lämnade något. På Min plats står vad som hände och vad du kan göra."),
    ),
    "undo_nothing": (
        N_("Det finns inget att komma tillbaka till"),
        N_("Platsen är tagen, och det går inte längre att ställa sig i kön. Ring oss om du undrar något."),
    ),
}
# Study visits.
_VISITS: Texts = {
    "visit_full": (
        N_("Tiden är inte ledig längre"),
        N_("Välj en annan tid för studiebesöket. Din plats är kvar, och har du redan en bokad tid gäller den."),
    ),
    "visit_done": (N_("Studiebesöket är redan gjort"), N_("Du behöver inte boka ett till. Din plats är kvar.")),
    "visit_changed": (
        N_("Studiebesöket har ändrats"),
        N_("Sidan visade inte det som gäller nu, så det du valde är inte sparat. Gå tillbaka och se vad som gäller."),
    ),
    "visit_first": (N_("Studiebesöket kommer först"), N_("Du kan godkänna villkor och regler när besöket är gjort.")),
    "no_visit": (N_("Inget studiebesök är bokat"), N_("Boka ett besök först.")),
    "visit_not_yet": (
        N_("Studiebesöket har inte varit än"),
        N_("Det kan antecknas tidigast en kvart innan det börjar. Inget är ändrat."),
    ),
    "visit_begun": (N_("Besöket har redan börjat"), N_("Det går inte att avboka. Boka en ny tid, eller ring oss.")),
    "visit_past": (N_("Tiden har redan varit"), N_("Välj en tid som kommer.")),
    "not_going_on": (
        N_("Efter studiebesöket vill ni inte båda gå vidare"),
        N_("Din plats är kvar. Ring oss om det inte stämmer."),
    ),
}
# Said to everybody, as it is said to staff.
_OTHER: Texts = {
    "cohort_changed": (
        N_("Gruppen har ändrats"),
        N_("Den har ändrats sedan sidan visades, kanske av dig i en annan flik. Inget av det du skickade nu är sparat."),
    ),
    "factor_unreadable": (
        N_("Koden går inte att kontrollera"),
        N_("Det är fel hos oss. Använd en reservkod, eller be den som sköter tjänsten att nollställa din kod."),
    ),
    "factor_key_away": (
        N_("Koden går inte att kontrollera just nu"),
        N_("Det är fel hos oss. Använd en reservkod, eller vänta och prova igen om en stund."),
    ),
    "report_established": (
        N_("Berättelsen är redan fastställd"),
        N_("Någon hann före, kanske du i en annan flik. Den som är fastställd gäller, och ändras inte mer."),
    ),
    "record_changed": (
        N_("Uppgifterna har ändrats"),
        N_("De har ändrats sedan filen gjordes. Gör en ny fil. Inget är raderat."),
    ),
}
# Somebody's place or turn, or what is kept about them.
_STAFF_PEOPLE: Texts = {
    "enrolment_over": (
        N_("Det går inte längre"),
        N_("Personens plats eller anmälan har ändrats sedan sidan visades, kanske av dig i en annan flik."),
    ),
    "moved_already": (
        N_("De är redan flyttade"),
        N_("Ingen av dem står kvar här: det är gjort, kanske av dig i en annan flik. Inget mer är ändrat."),
    ),
    "not_waiting": (
        N_("Personen står inte i kön längre"),
        N_("Den har fått ett erbjudande eller en plats, eller har lämnat kön. Inget av det du skickade är sparat."),
    ),
    "not_next": (
        N_("Personen kan inte få platsen nu"),
        N_("Kön har ändrats sedan sidan visades: någon annan är på tur, platsen är tagen, eller så är det för sent."),
    ),
    "offer_over": (N_("Erbjudandet gäller inte längre"), N_("Det är besvarat, eller så har tiden för att svara gått ut.")),
    "heard_already": (
        N_("Personen har redan nåtts"),
        N_("Beskedet har kommit fram sedan sidan visades, så inget samtal behövs. Kontaktvägen är inte visad."),
    ),
    "told_too_early": (
        N_("Vänta med att ringa"),
        N_(
            "Beslutet om starten kan fortfarande ångras, och det går bara tills någon har fått veta. Inget är sparat. På "
            "listan står från när ni kan ringa."
        ),
    ),
    "told_changed": (
        N_("Det har ändrats sedan sidan visades"),
        N_("Det som personen behöver veta är ett annat nu, så inget är antecknat. Läs sidan på nytt, och säg det som står."),
    ),
    "no_consent": (
        N_("Det finns inget samtycke till partnerkontakt"),
        N_("Utan det, eller när platsen är avslutad, finns inga uppgifter om partnern här. Inget är sparat."),
    ),
    "partner_moved": (
        N_("Personen har flyttats till en annan start"),
        N_(
            "Det som kan finnas om partnern följde med dit. Inget är raderat. Ta bort det där, eller be den som har starten."
        ),
    ),
    "texts_changed": (
        N_("Texten har fått en ny version"),
        N_("Låt personen läsa den nya versionen. Inget av det du skickade är sparat."),
    ),
    "undo_over": (
        N_("Det går inte att ångra längre"),
        N_("Tiden har gått. Personen kan anmäla sig igen om det finns plats."),
    ),
    "undo_nothing": (
        N_("Det finns inget att komma tillbaka till"),
        N_("Platsen är tagen, och det går inte längre att ställa sig i kön."),
    ),
}
# Study visits.
_STAFF_VISITS: Texts = {
    "visit_full": (N_("Tiden är inte ledig längre"), N_("Välj en annan tid för studiebesöket. Personens plats är kvar.")),
    "visit_done": (N_("Studiebesöket är redan gjort"), N_("Personen behöver inte boka ett till.")),
    "visit_confirmed": (
        N_("Platsen är redan klar"),
        N_("Det har ändrats sedan sidan visades. Stämmer inte besöket, öppna personens sida och välj ”Rätta besöket”."),
    ),
    "visit_settled": (
        N_("Det har börjat"),
        N_("Besöket går inte att rätta efter starten. Vill någon inte fortsätta, avsluta på personens sida."),
    ),
    "note_settled": (
        N_("Det går inte att ta tillbaka längre"),
        N_("Timmen har gått, det har börjat, eller så har något godkänts sedan dess. Det som är antecknat står kvar."),
    ),
    "visit_begun": (
        N_("Besöket har redan börjat"),
        N_("Det går inte att avboka. Anteckna om personen kom, eller boka en ny tid."),
    ),
    "visit_changed": (
        N_("Studiebesöket har ändrats"),
        N_("En tid har bokats, avbokats eller antecknats sedan sidan visades, kanske av personen själv."),
    ),
    "not_going_on": (
        N_("Det är antecknat att ni inte båda vill gå vidare"),
        N_("Ändra det på personens sida först, om det inte stämmer. Personens plats är kvar."),
    ),
    "visit_first": (
        N_("Studiebesöket kommer först"),
        N_("Villkor och regler kan godkännas när besöket är gjort. Anteckna besöket först."),
    ),
}
# Sessions, and who stands at them.
_STAFF_SESSIONS: Texts = {
    "room_taken": (
        N_("Lokalen är tagen"),
        N_("Någon annan har bokat den just nu. Inget är sparat. Gå tillbaka, så visas krocken."),
    ),
    "leader_taken": (
        N_("Någon som leder är upptagen"),
        N_("Tiden är bokad för någon av dem just nu. Inget är sparat. Gå tillbaka, så visas krocken."),
    ),
    "not_free": (
        N_("Någon av dem är inte ledig längre"),
        N_("Den har fått något annat då, eller får inte längre leda insatsen. Ingen har fått någon fråga."),
    ),
    "found_already": (N_("Någon hoppar redan in"), N_("Den sa ja sedan sidan visades. Ingen ny fråga är skickad.")),
    "nobody_left": (
        N_("Ingen annan är kvar att hålla i det"),
        N_("Den andra som leder kan inte heller komma, eller har inte längre behörighet. Inget är ändrat."),
    ),
    "elsewhere_now": (
        N_("Det har blivit något annat då"),
        N_("Den som skulle komma ändå är bokad någon annanstans då. Inget är ändrat."),
    ),
    "led_instead": (
        N_("Samordnaren har satt någon annan att leda det"),
        N_("Den vet inte av något annat. Prata med samordnaren, som kan ändra vem som leder. Inget är ändrat."),
    ),
    "session_over": (
        N_("Tiden har varit"),
        N_("Det är slut, eller redan ändrat, så det finns inget kvar att göra åt det här. Inget är ändrat."),
    ),
    "decision_settled": (
        N_("Beslutet går inte att ångra längre"),
        N_("Tiden har gått, ett besked har gått ut eller något annat är beslutat sedan dess. Inget är ändrat."),
    ),
    "change_settled": (
        N_("Det går inte att ångra längre"),
        N_("Timmen har gått, det har börjat, eller så har något ändrats. Inget är sparat. Ändra träffen i stället."),
    ),
    "schedule_changed": (
        N_("Det har ändrats sedan sidan visades"),
        N_("Dagarna eller krockarna är inte längre de som du såg. Inget är sparat. Gå tillbaka och titta igen."),
    ),
}
# What the office does for itself.
_STAFF_OFFICE: Texts = {
    "review_signed": (
        N_("Månaden är redan granskad"),
        N_("Någon har skrivit under den, kanske du i en annan flik. Inget av det du skickade nu är sparat."),
    ),
    "extract_unreadable": (
        N_("Uppgifterna kan inte läsas"),
        N_(
            "Nyckeln saknas eller är fel, eller så är de skadade. Ett utdrag som saknar något lämnas inte "
            "ut. Säg till er administratör."
        ),
    ),
}
_FOR_EVERYBODY: Texts = {**_PLACES, **_VISITS, **_OTHER}
# About somebody else's place.
_FOR_STAFF: Texts = {**_STAFF_PEOPLE, **_STAFF_VISITS, **_STAFF_SESSIONS, **_STAFF_OFFICE}


# Of a page that was only asked for: nothing was sent that could be lost.
_NOT_SENT = (
    N_("Gruppen har ändrats"),
    N_("Det som sidan är till för går inte längre att göra. Någon har redan bestämt, kanske du. Se hur det är nu."),
)


def conflict_text(code: str, staff: bool = False, sent: bool = True) -> tuple[str, str]:
    """Title and text for a conflict, by its code; to staff it is about somebody else's place. A code without words of its
    own says that it has changed meanwhile. `sent`: a form was, so that what it said is not saved."""
    if code == "cohort_changed" and not sent:
        return gettext(_NOT_SENT[0]), gettext(_NOT_SENT[1])
    found = {**_FOR_EVERYBODY, **_FOR_STAFF} if staff else _FOR_EVERYBODY
    title, text = found.get(code, _FOR_EVERYBODY["cohort_changed"])
    return gettext(title), gettext(text)
