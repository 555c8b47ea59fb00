"""What `programmes migrate --check` says. Pure."""

from dataclasses import dataclass
from datetime import datetime

from programmes.upgrading.statements import lock, made_table, without_comments

# Two is a wrong command line or setting, as everywhere.
NOTHING, REFUSED, PENDING = 0, 1, 3
# From so many rows on whoever waits for a statement that reads them all may notice.
_MANY = 100_000


@dataclass(frozen=True)
class Step:
    """A migration that has not been run. `whole`: whether its statements are all; others depend on what it reads."""

    name: str
    told: str
    statements: tuple[str, ...]
    whole: bool


@dataclass(frozen=True)
class Plan:
    """What is found. `rows`: about how many each table has. `others`: what else would be done, in words. `backed_up`: when
    the newest backup was made, None where there is none."""

    release: str
    ran: int
    pending: tuple[Step, ...]
    future: tuple[str, ...]
    others: tuple[str, ...]
    running: bool
    rows: dict[str, int]
    backed_up: datetime | None

    @property
    def code(self) -> int:
        """How the command ends."""
        if self.future:
            return REFUSED
        return PENDING if self.pending or self.others else NOTHING


def _waits(step: Step, rows: dict[str, int]) -> list[str]:
    """Of each table that is there already, who waits for it while the migration runs, by what its statements need most."""
    order = ("writes of the same rows", "writes", "reads and writes")
    new, most = {made_table(sql) for sql in step.statements}, dict[str, int]()
    for sql in step.statements:
        if (found := lock(sql)) and found.table not in new:
            most[found.table] = max(most.get(found.table, 0), order.index(found.waits))
    told = []
    for table, place in sorted(most.items()):
        size = rows.get(table, 0)
        much = ", a large table: choose a quiet hour" if size >= _MANY else ""
        told.append(f"      {table}, about {size} rows{much}: {order[place]} wait until it has ended")
    return told


def in_words(plan: Plan, with_statements: bool) -> str:
    """All of it, a line each."""
    lines = [f"This program is release {plan.release}. The database has run {plan.ran} migrations."]
    if plan.future:
        lines += [
            f"The database is of a newer release: this program does not know {', '.join(plan.future)}.",
            "migrate would be refused. Use the release that the database is of, or a newer one.",
        ]
        return "\n".join(lines)
    if plan.running:
        lines.append("Another migrate is running now.")
    if plan.pending:
        count = len(plan.pending)
        lines.append(f"{count} migration{'' if count == 1 else 's'} would be run, in this order, each wholly or not at all:")
    for step in plan.pending:
        lines += [f"  {step.name}  {step.told}", *_waits(step, plan.rows)]
        if with_statements:
            lines += [f"      {without_comments(sql)}" for sql in step.statements]
        if not step.whole:
            lines.append("      It reads rows first: what it does with them is not known before.")
    if plan.others:
        lines += ["Besides:", *(f"  {other}" for other in plan.others)]
    if plan.code == NOTHING:
        lines.append("Nothing is to be done.")
    else:
        told = f"{plan.backed_up:%Y-%m-%d %H:%M} UTC" if plan.backed_up else "not known here"
        lines.append(f"The newest backup: {told}.")
    lines.append("Nothing was written.")
    return "\n".join(lines)
