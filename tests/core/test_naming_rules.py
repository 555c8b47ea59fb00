"""What somebody may be called where nobody may be documented: a name, not what leads to them."""

import pytest

from programmes.core.naming_rules import more_than_an_alias


@pytest.mark.parametrize(
    "alias",
    [
        "850214-1234",
        "8502141234",
        "Anna 19850214-1234",
        "Anna 850214",
        "född 2 mars 1985",
        "070-1234567",
        "Anna 0701234567",
        "+46 70 123 45 67",
        "701234567",
        "anna@x.se",
        "@anna_s",
        "https://x.se/anna",
        "www.anna.se",
        "fb.me/anna",
        "Anna Storgatan 5",
        "Anna på Ekvägen",
        "Anna Björkbacken 12",
        "Anna, c/o Ek",
        "Anna 702 11",
        "Anna Storg. 4",
        "Anna Kyrkogränd",
        "Anna Stora gatan 12",
        "Anna Norra vägen 5",
        "Anna Strandpromenaden 4",
        "Anna 5 Storgatan",
        "Anna Storgatan nr: 5",
        "Anna 14 feb 85",
        "Anna 4/12 -85",
        "Anna född 85",
        "٨٥٠٢١٤",
    ],
)
def test_a_number_or_an_address_is_more_than_an_alias(alias: str) -> None:
    assert more_than_an_alias(alias)


@pytest.mark.parametrize(
    "alias",
    ["", "Anna", "Anna Maria", "Anna-Lena S.", "Anna 2", "Agata 2", "Kalle77", "Agent 007", "Ronja 2014", "Björk", "Stig 2",
     "Li", "Vägen", "M", "O'Brien", "A.Svensson", "محمد", "Oksana Іванівна", "Anna & Bo", "Dr. Ek", "🦊", "Lejonet/Vargen"],
)  # fmt: skip
def test_a_name_or_two_are_what_the_field_is_for(alias: str) -> None:
    assert not more_than_an_alias(alias)
