"""How people can be told: by mail, by a text message, by somebody who rings, or only on Min plats."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from programmes.core.sealing import KeyFolder, Unreadable
from programmes.enrolment import queries as enrolments
from programmes.enrolment.place_services import is_lost, unseal
from programmes.enrolment.queries import EnrolmentFacts
from programmes.enrolment.records.services import record_of
from programmes.enrolment.rules import State
from programmes.notices import queries, rules
from programmes.notices.hours_rules import can_be_kept, is_urgent, leaves_at
from programmes.notices.leaving_rules import is_avoided
from programmes.notices.reach_rules import Away, Reach, Standing, Way, counted
from programmes.notices.rules import Channel, Kind
from programmes.people.looks import Look

__all__ = [
    "Avoiding",
    "avoiding",
    "away",
    "channel_of",
    "may_be_written_to",
    "reach",
    "reach_among",
    "reach_before",
    "reach_by_state",
    "reach_once",
    "standing",
    "way",
    "way_before",
]


def channel_of(facts: EnrolmentFacts, keys: KeyFolder) -> Channel | None:
    """By what and where a message may go: of a protected record only what the person said is safe. Raises Unreadable."""
    if facts.participant_id is None:
        return rules.channel_unnamed(unseal(facts, keys).contact)
    record = record_of(facts, keys, "reach")
    return rules.channel_of_record(record.contact, record.safe, record.avoid) if record else None


def may_be_written_to(facts: EnrolmentFacts, keys: KeyFolder) -> bool:
    """Whether a message is to be written. For whom nothing can be read it is, and fails: then staff see that they are not
    reached, and the others of the group are told all the same. Not where the times to avoid say nothing that the service
    could keep: staff tell them."""
    try:
        channel = channel_of(facts, keys)
    except Unreadable:
        return True
    return channel is not None and can_be_kept(channel.avoid)


@dataclass(frozen=True)
class Avoiding:
    """When somebody wants to be left alone: in their own words, and whether that is so just now."""

    words: str = ""
    now: bool = False


def avoiding(facts: EnrolmentFacts, keys: KeyFolder, look: Look | None, now: datetime) -> Avoiding:
    """For staff who are about to ring or write. The words are for who looks at a record that is shown on the person's page:
    of a protected one they stand nowhere, and that it is such a time must do."""
    try:
        record = record_of(facts, keys, look if look and not facts.protected else "reach")
    except Unreadable:
        return Avoiding()
    if record is None or not record.avoid:
        return Avoiding()
    return Avoiding("" if facts.protected or not look else record.avoid, is_avoided(record.avoid, now))


_NOT_COUNTED_ON: Mapping[Way, Way] = {"mail": "bounced", "text": "refused"}


def way(facts: EnrolmentFacts, keys: KeyFolder) -> Way:
    """How somebody can be told. Who gave a telephone number for calls wants to be rung, and so are those whose times to
    avoid only a human can keep. Of whom nothing can be read, staff have to find out how, and of who has an address from
    which mail has come back, or an address or number that is refused for good."""
    try:
        found = _way(facts, keys)
    except Unreadable:
        return "ring"
    return _NOT_COUNTED_ON.get(found, found) if facts.contact_bounced else found


def _way(facts: EnrolmentFacts, keys: KeyFolder) -> Literal["mail", "text", "ring", "place"]:
    if is_lost(facts, keys):
        raise Unreadable("its key is lost")
    channel = channel_of(facts, keys)
    if channel is not None:
        return channel.medium if can_be_kept(channel.avoid) else "ring"
    if facts.participant_id is None:
        return "ring" if unseal(facts, keys).contact else "place"
    record = record_of(facts, keys, "reach")
    if record and record.contact and "@" not in record.contact and "call" in record.safe:
        return "ring"
    return "place"


def standing(facts: EnrolmentFacts, keys: KeyFolder) -> Standing:
    """How somebody can be told, or why nothing goes to them by itself."""
    try:
        how = _way(facts, keys)
        if how != "place":
            return how
        record = record_of(facts, keys, "reach")
        return "unwanted" if record and record.contact else "none"
    except Unreadable:
        return "unreadable"


def way_before(facts: EnrolmentFacts, keys: KeyFolder, begins: datetime | None, now: datetime) -> Way:
    """How somebody can hear of a change to what begins then: who can't be written to before that has to be rung."""
    how = way(facts, keys)
    if how not in {"mail", "text"}:
        return how
    channel = channel_of(facts, keys)
    urgent = is_urgent(begins, now)
    in_time = channel and leaves_at(now, channel.avoid, channel.medium == "text", urgent, begins)
    return how if in_time else "ring"


async def reach_before(cohort_id: int, kind: Kind, keys: KeyFolder, begins: datetime | None, now: datetime) -> Reach:
    """How many of those whom a message of this kind is for can be told in which way before something begins."""
    people = await enrolments.enrolments(cohort_id, rules.AUDIENCE[kind])
    return replace(counted(Counter(way_before(facts, keys, begins, now) for facts in people)), away=await away())


async def reach(cohort_id: int, kind: Kind, keys: KeyFolder) -> Reach:
    """How many of those whom a message of this kind is for can be told in which way; nobody is named."""
    return sum((await reach_by_state(cohort_id, kind, keys)).values(), start=Reach())


async def reach_among(people: Iterable[EnrolmentFacts], keys: KeyFolder) -> Reach:
    """How many of these can be told in which way."""
    ways = Counter(way(facts, keys) for facts in people)
    return replace(counted(ways), away=await away())


async def reach_once(cohort_id: int, kinds: Iterable[Kind], others: Iterable[EnrolmentFacts], keys: KeyFolder) -> Reach:
    """How many people can be told in which way of those whom messages of these kinds are for, and of others that hear of the
    same: who is among both, and is known to be, once."""
    states = frozenset[State]().union(*(rules.AUDIENCE[kind] for kind in kinds))
    people = [*await enrolments.enrolments(cohort_id, states), *others]
    once = {facts.participant_id or facts.enrolment_id: facts for facts in reversed(people)}
    return await reach_among(once.values(), keys)


async def reach_by_state(cohort_id: int, kind: Kind, keys: KeyFolder) -> dict[State, Reach]:
    """The same, apart for each state of their enrolments."""
    ways: dict[State, Counter[Way]] = {}
    for facts in await enrolments.enrolments(cohort_id, rules.AUDIENCE[kind]):
        ways.setdefault(facts.state, Counter())[way(facts, keys)] += 1
    gone = await away()
    return {state: replace(counted(n), away=gone) for state, n in ways.items()}


async def away() -> Away:
    """Which messages do not get through just now, so that who presses a button knows that some must be rung as well."""
    found = await queries.nothing_through()
    return Away(found.texts, found.mails)
