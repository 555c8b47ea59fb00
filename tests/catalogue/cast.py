"""People who answer: somebody who meets everything, somebody who says no to everything, somebody who says nothing."""

from datetime import date

from programmes.catalogue.condition_rules import birth_date_window
from programmes.catalogue.file_services import EDITIONS, read_edition
from programmes.catalogue.rules import Answers, Programme

EDITION = read_edition(EDITIONS / "2026-04-01.toml")
FIRST_SESSION = date(2026, 10, 7)
MUNICIPALITY = "Karlshamns kommun"
NOBODY = Answers()


def fitting(programme: Programme, first_session: date = FIRST_SESSION) -> Answers:
    """The answers of somebody who meets every condition, and just so: as young as the limit allows."""
    birth = None
    if programme.age_asked == "birth_date" and programme.age:
        birth = birth_date_window(programme.age, first_session)[1]
    return Answers(
        birth_date=birth,
        age_declared=True if programme.age_asked == "declared" else None,
        age_band="12_17" if programme.age_asked == "band" else None,
        residency=True,
        declarations={d.key: True for d in programme.declarations if d.asked},
    )


def refusing(programme: Programme) -> Answers:
    """The answers of somebody who meets nothing."""
    return Answers(
        birth_date=date(2020, 1, 1) if programme.age_asked == "birth_date" else None,
        age_declared=False if programme.age_asked == "declared" else None,
        age_band="outside" if programme.age_asked == "band" else None,
        residency=False,
        declarations={d.key: d.kind == "fork" for d in programme.declarations if d.asked},
    )
