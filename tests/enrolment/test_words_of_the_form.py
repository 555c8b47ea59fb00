"""What the way in says is about whom it is about, and in words that fit the form of the programme."""

from datetime import date

import httpx
import pytest

from programmes.catalogue.rules import Programme
from programmes.enrolment.wording import born_between
from tests.catalogue.cast import EDITION
from tests.catalogue.test_programme_pages import words_of
from tests.clock import FrozenClock
from tests.factories import a_cohort, a_coordinator, a_programme, post_form, sign_in_as

FIRST = date(2026, 10, 7)
DETAILS = {"namn": "Anna Ask", "fodd": "19850214", "kontakt": "anna@example.invalid", "saker": "email", "steg": "1"}
NAMED = [p.section for p in EDITION.programmes if p.form in {"group", "individual"} and not p.exempt]
UNNAMED = [p.section for p in EDITION.programmes if p.form in {"group", "individual"} and p.exempt]
FORMS = {p.section: p.form for p in EDITION.programmes}
WHOSE = {"child": "barnet är fött", "youth": "den unga är född", "offender": "den som begick brottet är född"}


@pytest.mark.parametrize("programme", EDITION.programmes, ids=lambda p: p.section)
def test_birth_dates_are_said_of_the_one_whose_age_counts(programme: Programme) -> None:
    said = born_between(programme, FIRST)
    if programme.age is None or programme.age_asked not in {"declared", "band"} or programme.age.oldest is None:
        assert said == ""
        return
    whose = WHOSE.get(programme.age.subject, "du är född")
    assert said.startswith(f"Det betyder att {whose} ")
    assert ("barn" in said) == (programme.age.subject == "child")
    to_staff = born_between(programme, FIRST, for_staff=True)
    assert to_staff == said.replace("du är", "personen är")
    if programme.age_bands:
        assert born_between(programme, FIRST, several=True).startswith("Det betyder att barnen är födda ")


def test_both_ends_and_a_single_one_are_said_as_dates() -> None:
    mediation, support = EDITION.programme("medling"), EDITION.programme("personligt_stod")
    assert born_between(mediation, FIRST) == (
        "Det betyder att den som begick brottet är född mellan 8 oktober 2004 och 7 oktober 2014."
    )
    assert born_between(support, FIRST) == "Det betyder att du är född 8 oktober 2008 eller senare."


@pytest.mark.parametrize("section", NAMED)
async def test_the_day_on_which_age_counts_is_said_of_talks_or_of_a_group(
    client: httpx.AsyncClient, clock: FrozenClock, section: str
) -> None:
    cohort = await a_cohort(section, clock.now())
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    answer = await post_form(client, f"/personal/grupper/{cohort.cohort_id}/anmal", DETAILS)
    shown = words_of(answer.text)
    assert "Åldern räknas den dag" in shown or EDITION.programme(cohort.slug).age is None
    if "Åldern räknas den dag" in shown:
        assert ("Åldern räknas den dag gruppen börjar" in shown) == (FORMS[section] == "group")
        assert "personen född 14 februari 1985" in shown


async def test_the_age_that_is_refused_does_not_stand_as_the_persons_own_claim(
    client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    answer = await post_form(client, f"/anmalan/{cohort.public_id}", {**DETAILS, "fodd": "20120101", "steg": "2"})
    assert answer.status_code == 422
    shown = words_of(answer.text)
    assert "Du fyller 18 år den 1 januari 2030" in shown
    assert "Jag har fyllt 18 år" not in shown


async def test_a_refusal_points_to_what_fits_and_says_nothing_of_it_before(
    client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort("2.8", clock.now())
    address = f"/anmalan/{cohort.public_id}"
    assert "/insatser/personligt_stod" not in (await post_form(client, address, {**DETAILS, "fodd": "20120101"})).text
    answer = await post_form(client, address, {**DETAILS, "fodd": "20120101", "steg": "2"})
    assert '<a href="/insatser/personligt_stod">' in answer.text
    assert "/insatser/drogtest" not in answer.text, "a test is no help to who wants help"
    assert "Du är under 18 år vid det första samtalet." in words_of(answer.text)
    old = await post_form(client, address, {**DETAILS, "steg": "2", "v_residency": "nej"})
    assert old.status_code == 422
    assert "/insatser/personligt_stod" not in old.text


async def test_siblings_are_pointed_to_what_fits_each_of_them(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.16", clock.now())
    ticked = ("residency", "own_wish", "no_more_extensive_need")
    form = {f"v_{name}{suffix}": "ja" for name in ticked for suffix in ("", "_2")}
    form |= {"antal": "2", "v_age": "12_17", "v_age_2": "outside", "v_someone_close_with_addiction_2": "ja"}
    answer = await post_form(client, f"/anmalan/{cohort.public_id}", form)
    assert answer.status_code == 422
    assert answer.text.count('<a href="/insatser/personligt_stod">') == 1
    assert answer.text.count('<a href="/insatser/anhorigstod">') == 1


# Said to whoever fills in their own form. What staff read out, the conditions themselves, says "du" and "jag".
TO_THE_PERSON = (
    "Vad ska vi kalla dig",
    "Hur når vi",
    "Jag är osäker",
    "Ring oss",
    "Ur ditt personnummer",
    "Stämmer det här på dig",
    "ditt namn",
    "dina uppgifter",
    "Anmäl dig",
    "Ställ mig",
    "Du kan behöva",
    "tar platsen",
)


@pytest.mark.parametrize("section", NAMED + UNNAMED)
async def test_staff_are_spoken_to_about_the_person_and_of_talks_as_talks(
    client: httpx.AsyncClient, clock: FrozenClock, section: str
) -> None:
    cohort = await a_cohort(section, clock.now(), maximum=8)
    await a_coordinator(clock.now())
    await sign_in_as(client, "kim", clock.now())
    address = f"/personal/grupper/{cohort.cohort_id}/anmal"
    pages = [(await client.get(address)).text, (await post_form(client, address, {"namn": "\x00"})).text]
    if section in NAMED:
        pages.append((await post_form(client, address, DETAILS)).text)
        pages.append((await post_form(client, address, {**DETAILS, "steg": "2"})).text)
    else:
        pages.append((await post_form(client, address, {})).text)
    for shown in (words_of(page[page.index("<main") : page.index("</main>")]) for page in pages):
        for said in TO_THE_PERSON:
            assert said not in shown.replace("Vi sparar ditt namn. Om vi blir oroliga", ""), (said, shown)
        if FORMS[section] == "individual":
            assert "gruppen är slut" not in shown
            assert "Gruppledaren" not in shown


async def test_somebody_who_enrols_themselves_is_still_spoken_to(client: httpx.AsyncClient, clock: FrozenClock) -> None:
    cohort = await a_cohort("2.1", clock.now())
    shown = words_of((await client.get(f"/anmalan/{cohort.public_id}")).text)
    for said in ("Vad ska vi kalla dig", "Hur når vi dig", "Jag är osäker", "Ta platsen", "raderas när gruppen är slut"):
        assert said in shown


@pytest.mark.parametrize("section", ["2.15", "2.16"])
async def test_a_child_reads_what_a_hard_statement_means_beside_it(
    client: httpx.AsyncClient, clock: FrozenClock, section: str
) -> None:
    cohort = await a_cohort(section, clock.now())
    shown = words_of((await client.get(f"/anmalan/{cohort.public_id}")).text)
    assert (
        "Jag är bosatt eller vistas stadigvarande i Karlshamns kommun. Det betyder att du bor i Karlshamns kommun" in shown
    )
    assert "Jag behöver inte mer omfattande eget stöd just nu. Det betyder att det räcker med den här gruppen" in shown
    english = (await client.get(f"/anmalan/{cohort.public_id}?lang=en")).text
    assert "{" not in words_of(english[english.index("<main") : english.index("</main>")])


@pytest.mark.parametrize("programme", EDITION.programmes, ids=lambda p: p.section)
def test_whoever_asks_a_child_explains_residency_and_more_support(programme: Programme) -> None:
    if programme.age_bands:
        hard = {"residency"} | {d.key for d in programme.declarations if d.key == "no_more_extensive_need"}
        assert set(programme.help) >= hard


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("2.16", "Vi kan be dig visa hur gammal du är. Det går också bra att en vårdnadshavare bekräftar din ålder."),
        ("2.10", "Har ingen vårdnadshavare sagt ja behöver du alltid visa hur gammal du är."),
    ],
)
async def test_what_may_have_to_be_shown_is_said_before_the_button(
    section: str, said: str, db: None, client: httpx.AsyncClient, clock: FrozenClock
) -> None:
    cohort = await a_cohort(section, clock.now())
    if (await a_programme(section))[1].way_in == "web":
        form = words_of((await client.get(f"/anmalan/{cohort.public_id}")).text)
        assert f"{said} Vi sparar ingen kopia." in form
    await a_coordinator(clock.now(), section=section)
    await sign_in_as(client, "kim", clock.now())
    form = words_of((await client.get(f"/personal/grupper/{cohort.cohort_id}/anmal")).text)
    assert f"Säg också: ”{said}” Ingen kopia sparas." in form
