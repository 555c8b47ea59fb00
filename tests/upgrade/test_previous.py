"""The release before goes on working on the tables of this one: by what it relied on, and by what it was heard to ask.

`tests/upgrade/previous` is its record; docs/operations.md (Upgrade) says how it is made anew with a release. `make upgrade`
is the rehearsal with both at work.
"""

import copy
from typing import Any

import asyncpg
import pytest

from programmes.core import schema
from programmes.settings import Settings
from tests.upgrade import statements
from tests.upgrade.__main__ import RECORD
from tests.upgrade.narrowing import narrowed

# What is narrower than in the release before, and why that release does not notice. With each release this becomes empty.
MEANT: dict[str, str] = {
    "programmes_web may no longer delete ballot": "No release deletes a box.",
    "programmes_worker may no longer delete ballot": "No release deletes a box.",
    "programmes_web may no longer update ballot": "Web writes state, closed_on, own_words and slips, as before.",
    "programmes_web may no longer delete start_decision": "No release deletes a decision.",
    "programmes_worker may no longer delete start_decision": "No release deletes a decision.",
    "programmes_web may no longer update start_decision": "Of the release before only `confirmed`, which it still may.",
    "programmes_worker may no longer update start_decision": "Of the release before only `confirmed`, which it still may.",
    "programmes_web may no longer delete identity_check": "No release deletes a check; with its record it goes by the key.",
    "programmes_worker may no longer delete identity_check": "No release deletes a check.",
    "programmes_web may no longer update identity_check": "Of the release before only `number_read`, which it still may.",
    "programmes_worker may no longer update identity_check": "The worker of no release changes a check.",
    "programmes_web may no longer update key_destruction": "An intent is made and carried out, by each release.",
    "programmes_worker may no longer update key_destruction": "An intent is made and carried out, by each release.",
    "rule ballot.ballot_keeps_its_words is new": "Refuses own words that come after the results are shown, as is meant. "
    "Whoever tries that in the release before gets an error, and loses nothing.",
    "rule release_text.words_fit is new": "Wider than the rule that it replaces: a struck comment is empty.",
    "rule queue_event.known_line_of_its_queue is new": "One line more than in the rule that it replaces.",
    "rule staff_message.kind_of_staff_message_is_known is new": "More kinds than in the rule that it replaces.",
    "rule staff_message.staff_message_is_of_one_thing is new": "That release writes a session, and no visit.",
    "rule staff_message.staff_message_slot_id_fkey is new": "Of a new column, which the release before leaves empty.",
    "rule chain_check.fault_of_chain_is_known is new": "One fault more than in the rule that it replaces.",
    "rule session_duty.kept_duty is new": "Puts a duty back whose session and leader stay; no release takes one away.",
    "rule audit_entry.trail_goes is new": "Refuses that the trail of a list goes without the list; no release does that.",
    "rule look_review_line.reveals_go is new": "The same of what the review says of a list.",
    "rule record_look.known_page_looked_at is new": "More pages than in the rule that it replaces.",
    "rule start_decision.known_reason_of_decision is new": "Has the words of the release before, and none.",
    "rule enrolment.nobody_documented_here is new": "No form of any release documents somebody in an exempt programme.",
    "rule cohort.cohort_documents_nobody is new": "No release gives a cohort another programme.",
    "rule programme.programme_documents_nobody is new": "No release makes a programme another kind.",
    "rule start_decision.known_state_before is new": "Of a new column, which the release before leaves empty.",
    "rule start_decision.start_decision_undone_by_fkey is new": "Of a new column, which the release before leaves empty.",
}


@pytest.fixture(scope="module")
def before() -> tuple[dict[str, Any], dict[str, list[str]]]:
    return statements.load(RECORD)


async def test_no_table_asks_more_or_gives_less_than_the_release_before_relied_on(
    before: tuple[dict[str, Any], dict[str, list[str]]], looked: asyncpg.Connection
) -> None:
    # In the run's own database another test may have put a dump back, which says the same rules in other words.
    found = narrowed(before[0], await statements.schema_of(looked))
    assert found - set(MEANT) == set()
    # A reason for what is no longer so is one too many.
    assert set(MEANT) - found == set()


@pytest.mark.parametrize("role", statements.ROLES)
async def test_whatever_the_release_before_asked_can_be_asked(
    role: str, before: tuple[dict[str, Any], dict[str, list[str]]], settings: Settings
) -> None:
    asked = before[1][role]
    url = settings.web_database_url if role == "programmes_web" else settings.worker_database_url
    wrong = []
    connection = await asyncpg.connect(url)
    for number, sql in enumerate(asked):
        try:
            # Explaining also looks at the rights, which preparing does not; nothing is run.
            async with connection.transaction():
                await connection.execute(f"prepare asked_{number} as {sql}")
                await connection.execute(f"explain (generic_plan) {sql}")
        except asyncpg.PostgresError as error:
            wrong.append(f"{type(error).__name__}: {error} in {sql[:160]}")
    await connection.close()
    assert len(asked) > 90
    assert wrong == []


async def test_the_record_is_of_a_release_whose_migrations_are_all_here(
    before: tuple[dict[str, Any], dict[str, list[str]]],
) -> None:
    assert before[0]["migration"] in schema.known()


async def test_whatever_a_release_could_miss_is_noticed(owner: asyncpg.Connection) -> None:
    now = await statements.schema_of(owner)
    assert narrowed(now, now) == set()
    told = copy.deepcopy(now)
    del told["columns"]["seat.number"]
    told["columns"]["cohort.state"][0] = "integer"
    told["columns"]["cohort.name"] = ["text", "required"]
    told["columns"]["enrolment.brand_new"] = ["text", "required"]
    told["rules"]["seat.brand_new"] = "CHECK (false)"
    told["rules"]["seat.one_holder_per_seat"] = "UNIQUE (number)"
    del told["functions"]["cast_ballot(slip_digest bytea, sealed bytea)"]
    told["rights"]["programmes_web"]["seat insert"] = "number"
    del told["rights"]["programmes_worker"]["seat delete"]
    told["calls"]["programmes_web"].remove("cast_ballot(slip_digest bytea, sealed bytea)")
    now["columns"]["cohort.name"][1] = "may be left out"
    assert narrowed(now, told) == {
        "column seat.number is gone",
        "column cohort.state was text and is integer",
        "column cohort.name may no longer be left out",
        "column enrolment.brand_new is new and may not be left out",
        "rule seat.brand_new is new",
        "rule seat.one_holder_per_seat is another one",
        "function cast_ballot(slip_digest bytea, sealed bytea) is gone",
        "programmes_web may no longer insert seat",
        "programmes_worker may no longer delete seat",
        "programmes_web may no longer call cast_ballot(slip_digest bytea, sealed bytea)",
    }
    # A table that the release before did not know may ask what it wants.
    told = copy.deepcopy(now)
    told["columns"]["brand_new.id"] = ["integer", "required"]
    told["rules"]["brand_new.pkey"] = "PRIMARY KEY (id)"
    assert narrowed(now, told) == set()
