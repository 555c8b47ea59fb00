"""Versions of conditions and rules: which may be written or withdrawn, and who is asked again before the start. Pure."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from programmes.catalogue.rules import Programme
from programmes.enrolment.rules import AgreementText, State, TextKind, acceptable

# Whoever plans longer ahead than this has mistyped the year.
FARTHEST = timedelta(days=365)
# For how long an acceptance that staff noted by mistake can be taken back. After that it stands as evidence.
TAKE_BACK = timedelta(hours=1)
WhyNotAdd = Literal["past", "too_far", "before_last", "same", "unequal"]


@dataclass(frozen=True)
class NewText:
    """A version as it is written, before it has a number."""

    section: str
    kind: TextKind
    valid_from: date
    lines_sv: tuple[str, ...]
    lines_en: tuple[str, ...]

    def after(self, versions: Sequence[AgreementText]) -> AgreementText:
        """As the next version, which nobody can have accepted."""
        number = max((text.version for text in versions if text.kind == self.kind), default=0) + 1
        return AgreementText(0, self.kind, number, self.valid_from, self.lines_sv, self.lines_en)


def last_of(kind: TextKind, versions: Sequence[AgreementText]) -> AgreementText | None:
    """The version that the next one follows."""
    return max((text for text in versions if text.kind == kind), key=lambda text: text.version, default=None)


def is_saved(new: NewText, versions: Sequence[AgreementText]) -> bool:
    """Whether the last version is this very one, word for word and from the same day."""
    last = last_of(new.kind, versions)
    return last is not None and (last.lines_sv, last.lines_en, last.valid_from) == (
        new.lines_sv,
        new.lines_en,
        new.valid_from,
    )


def why_not_add(new: NewText, versions: Sequence[AgreementText], today: date) -> dict[str, WhyNotAdd]:
    """What stands against a new version: codes by field. It is in force from today at the earliest, a year ahead at most,
    and not before the version it follows: so the newest in force is always the one with the highest number. Whoever reads
    it in English accepts as many points as in Swedish."""
    found: dict[str, WhyNotAdd] = {}
    last = last_of(new.kind, versions)
    if new.valid_from < today:
        found["fran"] = "past"
    elif new.valid_from > today + FARTHEST:
        found["fran"] = "too_far"
    elif last and new.valid_from < last.valid_from:
        found["fran"] = "before_last"
    if last and (new.lines_sv, new.lines_en) == (last.lines_sv, last.lines_en):
        found["sv"] = "same"
    if len(new.lines_sv) != len(new.lines_en):
        found["en"] = "unequal"
    return found


def may_withdraw(text: AgreementText, accepted_by: int, today: date) -> bool:
    """A version goes only as long as it has never been in force, and nobody has accepted it."""
    return text.valid_from > today and accepted_by == 0


def seen_digest(new: NewText, last: AgreementText | None, asked: Mapping[int, int]) -> str:
    """What was shown before saving: the text, the version it follows, and how many of which group are asked again."""
    shown = repr((new, last.text_id if last else None, sorted(asked.items())))
    return hashlib.sha256(shown.encode()).hexdigest()[:32]


def on_paper_just_now(
    accepted: Sequence[tuple[int, str, datetime]], first_start: datetime | None, now: datetime
) -> frozenset[int]:
    """Which texts were last noted as accepted on paper, of all by id, way and moment, while that can be taken back: for an
    hour, before the start, and until something has been accepted since."""
    if not accepted or (first_start is not None and now >= first_start):
        return frozenset()
    last = max(at for _text, _how, at in accepted)
    found = {(text, how) for text, how, at in accepted if at == last}
    if now >= last + TAKE_BACK or any(how != "paper" for _text, how in found):
        return frozenset()
    return frozenset(text for text, _how in found)


def newest(versions: Sequence[AgreementText], today: date, first_day: date | None) -> tuple[AgreementText, ...]:
    """The newest version of each text that is in force today and was before the day of the first session.

    What comes into force that day or later is for those who come to the next start: nobody could accept it before this one.
    """
    latest: dict[str, AgreementText] = {}
    until = today if first_day is None else min(today, first_day - timedelta(days=1))
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
