"""The one way from an enrolment to the sealed record behind it."""

from programmes.core.sealing import KeyFolder
from programmes.enrolment.rules import EnrolmentFacts
from programmes.people import records
from programmes.people.look_rules import Purpose
from programmes.people.looks import Look
from programmes.people.records import PersonRecord


def other_of(sealed: records.SealedRecord, keys: KeyFolder) -> PersonRecord | None:
    """Another record of the same person, for the service to write anew; shown to nobody. None when it has been erased.

    Raises:
        Unreadable: it can't be read.
    """
    return records.read(sealed, keys, "rewrite")


def record_of(facts: EnrolmentFacts, keys: KeyFolder, by: Look | Purpose) -> PersonRecord | None:
    """What is kept about somebody; None where nobody is documented, or when it has been erased.

    By a `Look` of staff it leaves a line in the access log; a purpose of the service shows it to nobody.
    """
    if facts.participant_id is None or facts.record is None:
        return None
    sealed = records.SealedRecord(facts.participant_id, facts.record, facts.cohort_id, facts.protected)
    return records.read(sealed, keys, by)
