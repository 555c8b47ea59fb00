"""Whether the tables are those of this release."""

from collections.abc import Sequence

from programmes.core import schema
from programmes.doctor.findings import Finding, Patient


async def migrations(_: Patient) -> Sequence[Finding]:
    """The migrations of this release beside those that the database has run."""
    return [found(await schema.standing())]


def found(standing: schema.Standing) -> Finding:
    """What is said of it."""
    if standing.word == "other":
        return Finding(
            "migrations",
            "fault",
            f"The database has run {standing.future[-1]}, unknown to this release, and lacks {standing.pending[0]}.",
            "Use the release that the database is of, or a newer one.",
        )
    if standing.pending:
        count = len(standing.pending)
        return Finding(
            "migrations",
            "fault",
            f"The database is older than this release: {count} migration{'' if count == 1 else 's'} to be run.",
            "programmes migrate --check says what will happen, programmes migrate does it.",
        )
    if standing.future:
        return Finding(
            "migrations",
            "warning",
            f"The database is of a newer release than this program: it has run {standing.future[-1]}.",
            "Fine while the next release is taken into use. Bring this program to that release too.",
        )
    return Finding("migrations", "ok", f"The database has run all {len(schema.known())} migrations of this release.")
