"""What stands in clear beside people: names of groups and rooms, hours when nobody may ring. It leads to nobody, and nothing
that such words are for is refused."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from programmes.core.naming_rules import leads_beside_a_decision, leads_to_somebody, points_to_somebody

TODAY = date(2026, 9, 2)
_MONTHS = ("januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november",
           "december")  # fmt: skip
LEADING = [
    ("Anna Svensson 850214 Storgatan 5", "birth_date"),
    ("Barnen Svensson, Anna f. 2014-03-02", "birth_date"),
    ("Anna Svensson 19121212-1212", "personal_number"),
    ("Anna 191212121212", "personal_number"),
    ("Anna 850214–1234", "personal_number"),
    ("Anna 1985-02-14", "birth_date"),
    ("Anna 1985 02 14", "birth_date"),
    ("Anna 85-02-14", "birth_date"),
    ("Anna 14/2-85", "birth_date"),
    ("Anna 14/2 1985", "birth_date"),
    ("Anna 14.2.1985", "birth_date"),
    ("Anna, 14 februari 1985", "birth_date"),
    ("Anna 14 feb. 1985", "birth_date"),
    ("Anna 850274", "birth_date"),
    ("Anna, född 1985", "birth_date"),
    ("Anna, f. -85", "birth_date"),
    ("Anna, f. 1985", "birth_date"),
    ("Anna, f. 1985-02", "birth_date"),
    ("٨٥٠٢١٤", "birth_date"),
    ("Anna Svensson, Storgatan 5", "address"),
    ("Anna Svensson, Storgatan nr 5", "address"),
    ("Ekvägen 12 B", "address"),
    ("Björkbacken 12", "address"),
    ("Anna, c/o Ek", "address"),
    ("Anna, 211 44 Malmö", "address"),
    ("anna@x.se", "address"),
    ("fb.me/anna", "address"),
    ("Anna 070-174 06 05", "phone"),
    ("Exmannen Kalle bor Storgatan 5, ring 0701234567, hon dricker", "phone"),
    ("ring 08-123 45 67", "phone"),
    ("+46 70 174 06 05", "phone"),
    ("701234567", "phone"),
    ("Anna 14 februari 85", "birth_date"),
    ("Anna 14 feb 85", "birth_date"),
    ("Anna 14 feb. -85", "birth_date"),
    ("Anna 14 februari '85", "birth_date"),
    ("Anna, 14:e februari 85", "birth_date"),
    ("Anna den 14e februari 1985", "birth_date"),
    ("Anna 14 februari, 85", "birth_date"),
    ("Anna 14feb85", "birth_date"),
    ("Ella 14 februari 14", "birth_date"),
    ("Ella 3 mars 09", "birth_date"),
    ("Anna februari 14, 1985", "birth_date"),
    ("Anna 1985, 14 februari", "birth_date"),
    ("Anna 14/2 -85", "birth_date"),
    ("Anna 14/2 - 85", "birth_date"),
    ("Anna 14/2 –85", "birth_date"),
    ("Anna 14 / 2 -85", "birth_date"),
    ("Anna 14/2 85", "birth_date"),
    ("Anna 14/2/85", "birth_date"),
    ("Ella 3/2/14", "birth_date"),
    ("Ella 14/2 -14", "birth_date"),
    ("Anna 14.2.85", "birth_date"),
    ("Anna 14-2-85", "birth_date"),
    ("Anna 14 02 1985", "birth_date"),
    ("Anna 85 02 14", "birth_date"),
    ("Anna 85.02.14", "birth_date"),
    ("Anna 85\u200b02\u200b14", "birth_date"),
    ("född 85", "birth_date"),
    ("född -85", "birth_date"),
    ("Född85", "birth_date"),
    ("Anna, född en torsdag i februari 1985", "birth_date"),
    ("födelsedag 14/2", "birth_date"),
    ("Anna f -85", "birth_date"),
    ("Anna f 85", "birth_date"),
    ("nyfödd, född 26-08-14", "birth_date"),
    ("Ella 2026-08-14-1234", "personal_number"),
    ("Ella 26-08-14-1234", "personal_number"),
    ("Livsstigen 2", "address"),
    ("Föräldravägen 3", "address"),
    ("Storgatan nummer 5", "address"),
    ("Storg. 4", "address"),
    ("storg.4", "address"),
    ("Kungsv. 12 B", "address"),
    ("Ekgat. 3", "address"),
    ("Ekv. nr 3", "address"),
    ("Storg 4", "address"),
    ("Drottningg. 7", "address"),
    ("Björkslingan 7", "address"),
    ("Fridhemsgränd 2", "address"),
    ("Kyrkogränd 4", "address"),
    ("Björkgränden 4", "address"),
    ("Norra vägen 5", "address"),
    ("Stora gatan 12", "address"),
    ("Lilla Torg 3", "address"),
    ("Strandpromenaden 4", "address"),
    ("Storgatan, 5", "address"),
    ("Anna, Storgatan, 5 B, Lund", "address"),
    ("Kungsgatan:12", "address"),
    ("5 Storgatan", "address"),
    ("Anna 12 Kyrkogränd", "address"),
    ("Storgatan nr: 5", "address"),
    ("Storgatan, nr 5", "address"),
    ("tel 174 06 05", "phone"),
    ("mobil: 70 174 06 05", "phone"),
    ("070.174.06.05", "phone"),
    ("070_123_45_67", "phone"),
    ("070,123,45,67", "phone"),
    ("070*123*45*67", "phone"),
    ("08_123_45_67", "phone"),
    ("Anna 14 februari år 1985", "birth_date"),
    ("Anna 14 februari, år 1985", "birth_date"),
    ("Anna 14 februari år 85", "birth_date"),
    ("Anna 14/2 år 1985", "birth_date"),
    ("Anna 14 februari (85)", "birth_date"),
    ("Anna 14 februari (-85)", "birth_date"),
    ("Anna 14 februari (1985)", "birth_date"),
    ("Ella 3 mars (09)", "birth_date"),
    ("Anna 14/2 (85)", "birth_date"),
    ("Anna 14 II 1985", "birth_date"),
    ("Anna 14.II.85", "birth_date"),
    ("Anna 14/II -85", "birth_date"),
    ("Anna 14 XII 1985", "birth_date"),
    ("Anna 85 mars 2", "birth_date"),
    ("Anna 1985 mars 2", "birth_date"),
    ("Anna mars 2 -85", "birth_date"),
    ("Anna, född 2014", "birth_date"),
    ("Ella född 2026 i augusti den 14", "birth_date"),
    ("Ella född 2026 den 14 augusti", "birth_date"),
    ("Ella född 2026 08 14", "birth_date"),
    ("Ella född 14 augusti 2026", "birth_date"),
    ("07/01 23/45 67", "phone"),
    ("0-70 12-34 56-7", "phone"),
]
NEITHER = [
    "ABC, höst 2026", "Tisdagsgruppen 2", "Våren 2027, grupp 3", "Lilla Torg kl 17", "Stortorget kl 17",
    "Storgatan, våren", "Återfallsprevention, 14 januari 2027", "ABC 2027-01-14–2027-03-10", "ABC 20270114-20270310",
    "LFT 2026/2027", "VT 2027", "HT27", "vecka 3–12", "Grupp 7, tisdagar 17.30–19.30", "Grupp F 2027",
    "Barn födda 2012–2014", "ABC barn f. 2015-2018", "barn f. 2015–2018", "Nyfödda 2027", "2.15, höst 2026",
    "Salem, vägen vidare 2", "Träffpunkt Ekbacken", "Till spelfriheten!, hösten", "ABC med 12 steg", "14/1-18/3",
    "14/1 17-19", "tis 12/1 14.00", "12-15 år", "efter 17", "12–13", "vardagar 9–12", "helger",
    "vardagar 08-16, lördag 10-12", "0800-1630", "08 00-16 30", "måndag 08:00–16:30", "kl 8.30–10", "kl. 12.10-14.30",
    "22-06", "14/2", "2026-12-24–2027-01-06", "12/1-27", "1–5 mars", "Livsstigen, grupp 2", "Föräldravägen, grupp 3",
    "Livsstigen grupp 2", "Livsstigen (2)", "Livsstigen II", "Stig 2", "Vägen 2", "Måndag 2", "Tisdagsg 2", "Trygg 2",
    "Steg 3", "Helg. 5 mars", "Nytt liv. 2", "Föräldragr. 2", "v. 12", "aug. 14", "nov. 3", "Nästa torsdag. 12 platser",
    "14 februari 17-19", "14 februari 17.30", "14 februari kl 17", "14/1 17", "14 februari 12 platser", "14/1-18 mars",
    "14/1 - 18/3", "14 januari - 18 mars", "14 januari 2027", "14 januari 27", "14/1 -27", "14/1/27", "27-01-14",
    "2027-01-14-2027-03-10", "grupp F 85", "avsnitt 2.9", "14 februari 10 och 14", "12 12 12", "den 14 februari",
    "dagtid 7-16 och 18-20", "inte 24 december 2026", "", "hela dygnet 0-24",
    "08,10,12,14", "02,03,04,05",
    "Livsstigen, 12 platser", "Storgatan, 14 januari", "Storgatan, 17.30", "Storgatan, 17-19", "Storgatan: 8 träffar",
    "Storgatan, 3/2", "grupp 5 Storgatan", "Tisdagar 17 Storgatan", "kl 17 Storgatan", "17.30 Storgatan", "12-14 Storgatan",
    "Hitta vägen 2", "Norra vägen", "Kyrkogränd", "Strandpromenaden, våren", "Gränd 2", "2 vägen vidare",
    "0-1 1-3 3-6 6-12 år", "0–1 1–3 3–6 6–12 år", "0-5 6-9 10-12", "02/03 09/03 16/03",
    "tisdagar 02/03 09/03 16/03 23/03 kl 17",
    "3 juni 12 st", "10 jan 30 kr", "10 januari, 30 kronor", "3 juni 45 minuter", "14/2 30 kr", "14 februari (12)",
    "14 februari (12 platser)", "14 februari (2027)", "14 I 2027", "Grupp II, 14 mars", "kl 17 v 36", "17 V 36",
    "30 mars 2", "grupp 45 mars 2", "2027 mars 2", "Född 2026", "Föräldrar till barn, född 2026", "f. 2026, grupp 2",
    "Född våren 2026", "Född 2025",
]  # fmt: skip


@pytest.mark.parametrize(("words", "how"), LEADING)
def test_who_is_led_to_is_seen(words: str, how: str) -> None:
    assert leads_to_somebody(words, TODAY) == how


@pytest.mark.parametrize("words", NEITHER)
def test_names_days_and_hours_lead_to_nobody(words: str) -> None:
    assert leads_to_somebody(words, TODAY) is None


@pytest.mark.parametrize(
    "words",
    ["SN 2026/123", "KS 2026-000123", "Dnr KS 2026/00123-3", "KS § 12, 7 maj 2026", "OAN § 12, 7 maj 2019", "2026-05-07 § 4",
     "KS 2026.0000123", "HSN 2019:1234", "Avtal med Lund, 2024-01-15"],
)  # fmt: skip
def test_a_decision_is_named_by_its_number_and_its_day(words: str) -> None:
    assert leads_beside_a_decision(words, TODAY) is None


@pytest.mark.parametrize(
    ("words", "how"),
    [
        ("Anna 850214-1234", "personal_number"),
        ("Ella 20140302-1234", "personal_number"),
        ("Ella 2014-03-02-1234", "personal_number"),
        ("Anna 1985-02-14", "birth_date"),
        ("Ella född 2 mars 2014", "birth_date"),
        ("KS 2026/123, Anna 070-174 06 05", "phone"),
        ("KS 2026/123, anna@x.se", "address"),
        ("KS 2026/123, Storgatan 5", "address"),
    ],
)
def test_a_decision_is_named_by_nobody(words: str, how: str) -> None:
    assert leads_beside_a_decision(words, TODAY) == how


_NAMES = st.sampled_from(["ABC", "Tisdagsgruppen", "Komet", "Lilla Torg", "Våren", "Ekvägen", "Anhörigstöd", "Återträff",
                          "Föräldrar i Lund", "grupp F"])  # fmt: skip
_NEAR = st.dates(TODAY - timedelta(days=200), TODAY + timedelta(days=700))
_HOUR = st.tuples(st.integers(6, 22), st.sampled_from(range(0, 60, 5)))


def _day(day: date, how: int) -> str:
    return (
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day:%y%m%d}",
        f"{day.day}/{day.month}",
        f"{day.day}/{day.month} {day.year}",
        f"{day.day} {_MONTHS[day.month - 1]} {day.year}",
        f"{day.day} {_MONTHS[day.month - 1][:3]}",
        f"vecka {day.isocalendar().week}",
        f"höst {day.year}",
    )[how]


def _hours(begins: tuple[int, int], ends: tuple[int, int], how: int) -> str:
    one, other = begins, ends
    return (
        f"kl {one[0]}",
        f"kl {one[0]}–{other[0]}",
        f"{one[0]:02}.{one[1]:02}–{other[0]:02}.{other[1]:02}",
        f"{one[0]:02}:{one[1]:02} - {other[0]:02}:{other[1]:02}",
        f"{one[0]:02}{one[1]:02}-{other[0]:02}{other[1]:02}",
    )[how]


@given(_NAMES, _NEAR, st.integers(0, 8), _HOUR, _HOUR, st.integers(0, 4), st.integers(1, 30))
def test_no_name_of_a_group_with_its_day_hours_and_number_is_refused(
    name: str, day: date, as_day: int, begins: tuple[int, int], ends: tuple[int, int], as_hours: int, number: int
) -> None:
    words = f"{name}, {_day(day, as_day)}, {_hours(begins, ends, as_hours)}, grupp {number}"
    assert leads_to_somebody(words, TODAY) is None, words


# What a number may follow without being a house's.
_NO_STREET = st.sampled_from(["ABC", "Tisdagsgruppen", "Komet", "Våren", "Anhörigstöd", "Föräldrar i Lund"])


@given(
    _NO_STREET, st.lists(st.integers(0, 25), min_size=2, max_size=8, unique=True).map(sorted), st.sampled_from(["-", "–"])
)
def test_a_row_of_ages_is_no_number_to_ring(name: str, ends: list[int], dash: str) -> None:
    ages = " ".join(f"{least}{dash}{most}" for least, most in pairwise(ends))
    assert leads_to_somebody(f"{name} {ages} år", TODAY) is None, ages


@given(_NO_STREET, st.lists(_NEAR, min_size=1, max_size=8))
def test_a_row_of_days_is_no_number_to_ring(name: str, days: list[date]) -> None:
    row = " ".join(f"{day:%d/%m}" for day in days)
    assert leads_to_somebody(f"{name} {row}", TODAY) is None, row


@given(
    _NO_STREET, _NEAR, st.integers(1, 99), st.sampled_from(["st", "kr", "kronor", "platser", "minuter", "barn", "timmar"])
)
def test_what_is_counted_after_a_day_is_no_year(name: str, day: date, number: int, what: str) -> None:
    words = f"{name} {day.day} {_MONTHS[day.month - 1]} {number:02} {what}"
    assert leads_to_somebody(words, TODAY) is None, words


_BORN_BEFORE = st.dates(date(1920, 1, 1), date(2024, 12, 31))
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
_LETTERS = st.text("abcdefghijklmnopqrstuvwxyzåäö", min_size=1, max_size=12)


def _born(born: date, how: int) -> str:
    year, month = born.year % 100, _MONTHS[born.month - 1]
    return (
        born.isoformat(),
        f"{born:%Y%m%d}",
        f"{born:%Y/%m/%d}",
        f"{born:%d/%m %Y}",
        f"{born:%d.%m.%Y}",
        f"{born:%y%m%d}",
        f"{born:%y-%m-%d}",
        f"{born.day}/{born.month} -{year:02}",
        f"{born.day}/{born.month}-{year:02}",
        f"{born.day}/{born.month}/{year:02}",
        f"{born.day} {month} {born.year}",
        f"{born.day} {month} {year:02}",
        f"den {born.day}:e {month[:3]}. -{year:02}",
        f"född {year:02}",
        f"född den {born.day} {month} {born.year}",
        f"f. {year:02}",
        f"{born.day} {month} år {born.year}",
        f"{born.day} {month} ({born.year})",
        f"{born.day} {month} (-{year:02})" if not 10 <= year < 25 else f"{born.day} {month} år {year:02}",
        f"{born.day} {_ROMAN[born.month - 1]} {born.year}",
        f"{born.day}.{_ROMAN[born.month - 1]}.{year:02}",
        f"{born.year} {month} {born.day}",
        f"{year:02} {month} {born.day}" if year > 31 else f"{month} {born.day} -{year:02}",
    )[how]


# Who is born in a year that ends as those to come is seen where the century is written, or that it is a birth.
_LONG_BEFORE = _BORN_BEFORE.filter(lambda born: not 25 <= born.year % 100 <= 30)


@example("a", date(2000, 1, 1), 22, "a")
@example("a", date(2014, 2, 14), 22, "a")
@given(_LETTERS, _LONG_BEFORE, st.integers(0, 22), _LETTERS)
def test_a_birth_date_is_refused_wherever_it_stands(before: str, born: date, how: int, after: str) -> None:
    assert leads_to_somebody(f"{before} {_born(born, how)}, {after}", TODAY)


@given(_LETTERS, st.from_regex(r"[A-Za-z0-9._%+-]{1,12}@[a-z0-9-]{1,12}\.[a-z]{2,6}", fullmatch=True), _LETTERS)
def test_a_mail_address_is_refused_wherever_it_stands(before: str, mail: str, after: str) -> None:
    assert leads_to_somebody(f"{before} {mail} {after}", TODAY)


@given(_LETTERS, st.from_regex(r"[0-9]{10}|[0-9]{12}", fullmatch=True), _LETTERS)
def test_ten_or_twelve_digits_are_refused_wherever_they_stand(before: str, number: str, after: str) -> None:
    assert leads_to_somebody(f"{before} {number} {after}", TODAY)


@given(_LETTERS, _BORN_BEFORE, st.sampled_from("-+–"), st.integers(0, 9999), st.booleans(), _LETTERS)
def test_a_number_of_a_person_is_refused_wherever_it_stands(
    before: str, born: date, dash: str, last: int, century: bool, after: str
) -> None:
    number = f"{born.strftime('%Y%m%d' if century else '%y%m%d')}{dash}{last:04}"
    assert leads_to_somebody(f"{before} {number} {after}", TODAY) == "personal_number"


@given(
    _LETTERS,
    st.integers(1000000, 9999999),
    st.sampled_from(["070{}", "070-{}", "+4670{}", "+46 70 {}", "0046 70 {}", "tel {}", "070.{}"]),
)
def test_a_number_to_ring_is_refused_wherever_it_stands(before: str, number: int, how: str) -> None:
    assert leads_to_somebody(f"{before} {how.format(number)}", TODAY)


@given(_LETTERS, st.sampled_from(["Storgatan", "Ekvägen", "Björkgränden", "Lundastigen", "Parkallén", "Södertorg"]),
       st.integers(1, 299), st.sampled_from(["", " B", "C", ", Lund"]))  # fmt: skip
def test_a_street_with_its_number_is_refused_wherever_it_stands(before: str, street: str, house: int, after: str) -> None:
    assert leads_to_somebody(f"{before} {street} {house}{after}", TODAY)


@given(st.text(max_size=60))
def test_what_points_leads_too(words: str) -> None:
    if points_to_somebody(words) == "personal_number":
        assert leads_to_somebody(words, TODAY) == "personal_number"
