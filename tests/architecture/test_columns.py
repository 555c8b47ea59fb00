"""Every column that could hold words says what it holds, so that none can come to hold a person unseen (promise 2).

For programmes documented at operational level nobody may be named. A new column with room for words fails here until it is
put in one of these lists; the lists say what the database itself then has to hold.
"""

import asyncpg

# Codes from fixed lists: the database refuses anything else, by a constraint that names the column.
CODES = {
    "agreement": {"how"},
    "agreement_text": {"kind"},
    "attendance": {"mark"},
    "audit_entry": {"action", "subject"},
    "backup_trace": {"name"},
    "ballot": {"state"},
    "carrier_trace": {"medium"},
    "chain_check": {"fault", "scope"},
    "clock_trace": {"boot", "doubt"},
    "cohort": {"ended_how", "state"},
    "cohort_session": {"state"},
    "cohort_staff": {"role"},
    "condition_met": {"condition"},
    "condition_unmet": {"condition"},
    "enrolment": {"language", "left_from", "order_reason", "skip_reason", "state"},
    "erasure_receipt": {"level", "rule"},
    "feed": {"kind"},
    "group_role": {"role"},
    "half_sign_in": {"device", "kind"},
    "identity_check": {"how"},
    "held_text": {"state"},
    "key_destruction": {"kind", "why"},
    "key_folder": {"name"},
    "log_digest": {"state"},
    "look_review": {"seed"},
    "look_review_line": {"kind"},
    "look_review_mark": {"outcome"},
    "notice": {"kind", "state"},
    "notice_attempt": {"error"},
    "person_lookup": {"kind"},
    "queue_event": {"kind", "reason"},
    "record_look": {"page", "reason"},
    "kept_figure": {"figure"},
    "retention_choice": {"subject"},
    "retention_hold": {"reason"},
    "retention_receipt": {"subject", "unit"},
    "retention_rule": {"subject"},
    "retention_run": {"state"},
    "session_change": {"kind"},
    "staff_digest": {"state"},
    "staff_message": {"kind", "state"},
    "staff_role": {"role"},
    "staff_session": {"device"},
    "start_decision": {"decision", "reason", "state_before"},
    "study_visit": {"state"},
    "substitute_request": {"state"},
    "text_review": {"state"},
}
# Sealed under a key of one person, one entry or one ballot box; and digests, which nothing leads back from.
SEALED = {
    "enrolment": {"sealed"},
    "feed": {"sealed_title"},
    "held_text": {"blob"},
    "participant": {"sealed"},
    "partner_record": {"sealed"},
    "sealed_answer": {"blob"},
    "review_text": {"blob", "draft"},
    "second_factor": {"sealed"},
    "staff_session": {"sealed_hint"},
}
DIGESTS = {
    "archive_batch": {"digest"},
    "chain_check": {"head"},
    "edition": {"digest"},
    "enrolment": {"code_digest", "once_digest"},
    "feed": {"body_digest", "token_digest"},
    "half_sign_in": {"id"},
    "key_folder": {"mark"},
    "look_checkpoint": {"head", "mac"},
    "look_day": {"head"},
    "look_link": {"mac"},
    "person_lookup": {"digest", "made_under"},
    "place_session": {"id"},
    "recovery_code": {"digest"},
    "printed_slip": {"id"},
    "restore_mark": {"receipts"},
    "sign_in_attempt": {"id"},
    "slip": {"id"},
    "staff_session": {"id"},
    "visit_slot": {"once_digest"},
}
# What staff write about a cohort, a room or the office, or the guideline says: no row of it belongs to a participant.
OF_NOBODY = {
    "annual_report": {"content"},
    "agreement_text": {"lines_en", "lines_sv", "section"},
    "ballot": {"half_year", "own_words", "section"},
    "closure": {"reason"},
    # A typed name only where several people meet, and it may hold no number, birth date or address (`why_not_open`). One
    # person's talks are named by us, of programme and day (`named_by_us`).
    "cohort": {"name", "public_id"},
    "cohort_session": {"theme"},
    "edition": {"diary_number", "facts"},
    "erasure_receipt": {"form", "section"},
    "evaluation_form": {"questions", "section"},
    "form_choice": {"section"},
    "held_text": {"question", "section", "shown"},
    "interpretation_choice": {"key", "section", "value"},
    "period_total": {"ended_how", "form", "half_year", "section"},
    "programme": {"data", "doc_level", "form", "section", "slug", "way_in"},
    "release": {"half_year", "results", "section"},
    # Read and signed off by a coordinator, who has taken out what says whose it is.
    "release_text": {"half_year", "question", "section", "words"},
    "review_text": {"question"},
    "retention_choice": {"decision"},
    "group_role": {"section"},
    "notice": {"believed"},
    "session_change": {"after", "before"},
    "staff_message": {"believed"},
    "staff_role": {"section"},
    "text_review": {"section"},
    "venue": {"address", "name"},
    "yearly_starts": {"section"},
}
# Members of staff have names.
STAFF = {"staff": {"display_name", "email", "oidc_issuer", "oidc_subject", "password_hash", "username"}}
# Lists of numbers.
NUMBERS = {"look_review_line": {"look_ids"}}
# Numbers, moments and ids hold no words.
_NO_WORDS = (
    "integer", "bigint", "smallint", "numeric", "boolean", "date", "timestamp with time zone", "uuid",
)  # fmt: skip


async def _wordy(owner: asyncpg.Connection) -> dict[str, set[str]]:
    """Columns with room for words, by table; the job queue and the list of migrations have tables of their own making."""
    found: dict[str, set[str]] = {}
    for row in await owner.fetch(
        """select table_name, column_name from information_schema.columns
           where table_schema = 'public' and not data_type = any($1::text[])
             and table_name <> 'migration' and table_name not like 'pgqueuer%'""",
        list(_NO_WORDS),
    ):
        found.setdefault(row["table_name"], set()).add(row["column_name"])
    return found


async def test_every_column_with_room_for_words_says_what_it_holds(db: None, owner: asyncpg.Connection) -> None:
    known: dict[str, set[str]] = {}
    for group in (CODES, SEALED, DIGESTS, OF_NOBODY, STAFF, NUMBERS):
        for table, columns in group.items():
            assert not known.get(table, set()) & columns, f"{table}: {columns} stands in two lists"
            known[table] = known.get(table, set()) | columns
    assert await _wordy(owner) == known


async def test_no_column_of_codes_takes_a_name(db: None, owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        """select conrelid::regclass::text as table, pg_get_constraintdef(oid) as says from pg_constraint
           where contype = 'c' and connamespace = 'public'::regnamespace"""
    )
    for table, columns in CODES.items():
        for column in columns:
            checks = [row["says"] for row in rows if row["table"] == table and column in row["says"]]
            assert checks, f"{table}.{column} has no constraint"
            refused = [await _refuses(owner, table, column, check) for check in checks]
            assert any(refused), f"{table}.{column} would take the name of a person"


async def _refuses(owner: asyncpg.Connection, table: str, column: str, check: str) -> bool:
    """Whether a constraint is broken by a name in this column, whatever stands in the others (nothing does)."""
    columns = await owner.fetch(
        """select a.attname, format_type(a.atttypid, a.atttypmod) as type from pg_attribute a
           where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped""",
        table,
    )
    row = ", ".join(
        f"'Anna Ask 19900101-1234'::text as {c['attname']}"
        if c["attname"] == column
        else f"null::{c['type']} as {c['attname']}"
        for c in columns
    )
    condition = check.removeprefix("CHECK ")
    return await owner.fetchval(f"select {condition} is false from (select {row}) as given") is True


async def test_nothing_about_a_person_of_an_exempt_programme_leads_to_a_record(owner: asyncpg.Connection) -> None:
    """A record is written only where individuals are documented. One column leads to it, what it is found by, and what
    keeps it or has taken it to the archive."""
    leads = await owner.fetch(
        """select conrelid::regclass::text as table, (select attname from pg_attribute
                  where attrelid = conrelid and attnum = conkey[1]) as column
           from pg_constraint where contype = 'f' and confrelid = 'participant'::regclass"""
    )
    found = sorted(tuple(row) for row in leads)
    tables = ("archive_item", "enrolment", "identity_check", "person_lookup", "retention_hold")
    assert found == [(table, "participant_id") for table in tables]
