"""Telling whoever has accepted a text that there is a new version of it to accept before the start."""

from datetime import datetime

from programmes.core.sealing import KeyFolder
from programmes.enrolment.texts import agreement_queries
from programmes.notices import queries, services
from programmes.notices.rules import notice_id, of_texts


async def ask_again(keys: KeyFolder, now: datetime) -> None:
    """Tell everybody with a confirmed place, of a cohort that has not begun, once for each set of new versions; on the day
    that a version is in force, not before. Safe to run twice, and late."""
    for enrolment_id, text_ids in (await agreement_queries.to_be_asked(now)).items():
        subject = of_texts(text_ids)
        if await queries.told_at(notice_id("accept_new", enrolment_id, subject)) is None:
            await services.tell_one("accept_new", enrolment_id, keys, now, subject)
