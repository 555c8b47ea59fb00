"""What a form of the public says of a number tells its sender nothing about who else has that number."""

import re

import httpx
import pytest

from programmes import worker
from programmes.catalogue import queries as catalogue
from programmes.core.sealing import KeyFolder
from programmes.enrolment import queries
from programmes.enrolment import services as enrolment
from programmes.enrolment.records import services as record_services
from programmes.notices import queries as notices
from programmes.people.records import PersonRecord
from tests.clock import FrozenClock
from tests.factories import a_cohort, an_application, documented

NUMBER, MAIL = "199001189811", "anna@example.invalid"


@pytest.mark.parametrize("protected_elsewhere", [True, False])
async def test_whoever_applies_with_a_number_sees_and_gets_the_same_whether_it_is_protected_elsewhere_or_not(
    protected_elsewhere: bool,
    db: None,
    clock: FrozenClock,
    keys: KeyFolder,
    the_worker: worker.Worker,
    client: httpx.AsyncClient,
) -> None:
    first, other = await a_cohort("2.8", clock.now()), await a_cohort("2.7", clock.now())
    known = documented(
        await an_application(first, "Anna Ask"), PersonRecord("Anna Ask", "1990-01-18", NUMBER), protected_elsewhere
    )
    answer = await enrolment.apply(known, await catalogue.programme(first.programme_id), keys, clock.now())
    assert isinstance(answer, enrolment.Taken)

    pages, states = [], []
    for number in (NUMBER, ""):
        record = PersonRecord("Anna Ask", "1990-01-18", number, MAIL, ("email",), "nätter")
        sent = documented(await an_application(other, "Anna Ask"), record)
        taken = await enrolment.apply(sent, await catalogue.programme(other.programme_id), keys, clock.now())
        assert isinstance(taken, enrolment.Taken)
        await worker.drain(the_worker)
        facts = await queries.enrolment(taken.enrolment_id)
        kept = record_services.record_of(facts, keys, "reach")
        assert kept
        assert (facts.protected, kept.contact, kept.safe) == (False, MAIL, ("email",))
        states.append({n.enrolment_id: n.state for n in await notices.reached(other.cohort_id)}[taken.enrolment_id])
        client.cookies.set("place", taken.token)
        shown = (await client.get("/min-plats")).text.partition("<main")[2]
        # What is each one's own: the code, the addresses, tokens, and which of the seats.
        own = (
            r"[0-9A-Z]{4}((-|<br>)[0-9A-Z]{4}){3}|/k/[a-z0-9]+|[0-9a-f]{8}-[0-9a-f-]{27}"
            r'|name="_csrf_token" value="[^"]*"|name="sett" value="[0-9a-f]{16}"|<svg.*?</svg>|plats [0-9]+'
        )
        pages.append(re.sub(own, "", shown))
    assert states == ["sent", "sent"]
    assert pages[0] == pages[1]
    assert "kalender" in pages[0]
