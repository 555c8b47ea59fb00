"""A new version of conditions or rules before the start: who is asked again. Pure."""

from collections.abc import Collection, Sequence
from datetime import date

from programmes.catalogue.rules import Programme
from programmes.enrolment.rules import AgreementText, State, acceptable


def newest(versions: Sequence[AgreementText], today: date, first_day: date | None) -> tuple[AgreementText, ...]:
    """The newest version of each text that is in force today and was by the first session.

    What is written later is for those who come to the next start.
    """
    latest: dict[str, AgreementText] = {}
    until = today if first_day is None else min(today, first_day)
    for text in versions:
        known = latest.get(text.kind)
        if text.valid_from <= until and (known is None or text.version > known.version):
            latest[text.kind] = text
    return tuple(latest[kind] for kind in sorted(latest))


def asked_again(
    programme: Programme,
    state: State,
    accepted: Collection[int],
    versions: Sequence[AgreementText],
    today: date,
    first_day: date | None,
) -> tuple[AgreementText, ...]:
    """The new versions that somebody with a confirmed place is asked to accept, who accepted older ones.

    The place stays confirmed meanwhile. Whoever isn't confirmed yet accepts the newest versions anyway. Who never accepted
    a text (nothing was asked for then) is not asked for it now.
    """
    if state != "confirmed" or first_day is None:
        return ()
    older = {text.kind for text in versions if text.text_id in accepted}
    wanted = acceptable(programme, newest(versions, today, first_day))
    return tuple(text for text in wanted if text.kind in older and text.text_id not in accepted)
