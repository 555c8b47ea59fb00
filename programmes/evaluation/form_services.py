"""A coordinator's own questions: written as a new version of the programme's form, or taken away again."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from programmes.catalogue import queries as catalogue
from programmes.core import audit
from programmes.core.clock import local_date
from programmes.core.db import execute, transaction
from programmes.core.naming_rules import leads_to_somebody
from programmes.evaluation import form_queries, form_rules
from programmes.evaluation.form_rules import OwnQuestion, Questions


async def choose(section: str, own: Sequence[OwnQuestion], staff_id: int, now: datetime) -> Questions:
    """Ask these from the next slips on, beside the standard form; none is the standard form alone. What a box's slips were
    printed with stays.

    Raises:
        ValueError: questions that no form asks (`form_rules.own_questions`), or that lead to somebody where nobody may be
            documented (decision 87).
    """
    wanted, today = form_rules.own_questions(own), local_date(now)
    exempt = any(p.exempt for _id, p in await catalogue.in_force(today) if p.section == section)
    if exempt and any(leads_to_somebody(text, today) for question in wanted for text in question.words.values()):
        raise ValueError("a question leads to nobody")
    async with transaction():
        await execute("select pg_advisory_xact_lock(hashtextextended('evaluation_form/' || $1, 0))", section)
        known = await form_queries.versions(section)
        questions = form_rules.version_for(wanted, known)
        if questions == await form_queries.chosen(section):
            return questions
        if questions.own and questions not in known:
            await execute(
                "insert into evaluation_form (section, version, questions, written_on) values ($1, $2, $3, $4)",
                section,
                questions.version,
                msgspec.json.encode(questions.own).decode(),
                local_date(now),
            )
        await execute(
            """insert into form_choice (section, version) values ($1, $2)
               on conflict (section) do update set version = excluded.version""",
            section,
            questions.version,
        )
        await audit.note("evaluation:form", f"section/{section}", staff_id, now)
    return questions
