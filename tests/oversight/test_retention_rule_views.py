"""How long a class is kept: changed within the law, and made shorter only as it was counted and shown."""

import asyncpg
import httpx

from programmes.oversight.retention.services import choose
from tests.clock import FrozenClock
from tests.factories import PASSWORD, csrf_of, hidden, post_form, sign_in_as
from tests.oversight.retention_cast import NIGHT, Past, text_of


async def test_a_rule_is_changed_within_the_law_with_the_decision_and_who_and_when(
    past: Past, client: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, "sasha", NIGHT)
    address = "/personal/gallring/regler/protected_record"
    for typed, told in (
        ({"tid": "4", "beslut": "KS 12"}, "ska sparas minst 5 år"),
        ({"tid": "31", "beslut": "KS 12"}, "får sparas högst 30 år"),
        ({"tid": "x", "beslut": "KS 12"}, "Skriv ett tal från 0 till 999."),
        ({"tid": "6", "beslut": " "}, "Skriv vilket beslut det är."),
    ):
        answer = await post_form(client, address, typed)
        assert answer.status_code == 422
        assert told in answer.text
    assert await owner.fetchval("select count(*) from retention_choice") == 0
    answer = await post_form(client, address, {"tid": "6", "beslut": "KS § 12"})
    assert answer.status_code == 303
    shown = await text_of(client, address)
    assert "Sparas nu 6 år" in shown
    assert "Från början 5 år" in shown
    assert "6 år från 20 september 2031. KS § 12. Skrivet av Sasha." in shown
    assert "KS § 12, ändrat från 5 år." in await text_of(client, "/personal/gallring")
    # The public is told what is in force, in both languages.
    for public in ("/uppgifter", "/insatser/aterfallsprevention"):
        said = await text_of(client, public)
        assert "uppgifter" in said
        assert "senast sex år efter den sista anteckningen" in said
        assert "fem år" not in said
        assert "six years after the last note" in await text_of(client, f"{public}?lang=en")
    assert await owner.fetchval("select subject from audit_entry where action = 'retention:choose'") == (
        "retention/protected-record"
    )
    for subject in ("working_list", "figures", "x", "%00"):
        assert (await client.get(f"/personal/gallring/regler/{subject}")).status_code == 404


async def test_a_rule_is_made_shorter_only_by_who_has_shown_who_it_is_and_seen_what_goes(
    past: Past, client: httpx.AsyncClient, clock: FrozenClock, owner: asyncpg.Connection
) -> None:
    await owner.execute(
        """insert into retention_choice (subject, amount, decision, staff_id, chosen_at)
           select s.subject, s.amount, 'KS 1', 1, $1
           from (values ('protected_record', 6), ('audit_entry', 11)) s (subject, amount)""",
        NIGHT,
    )
    await sign_in_as(client, "sasha", NIGHT)
    clock.advance(minutes=6)
    address = "/personal/gallring/regler/protected_record"
    sent = await post_form(client, address, {"tid": "5", "beslut": "KS § 12"})
    asked = await client.get(sent.headers["location"])
    assert asked.headers["location"].startswith("/personal/bekrafta"), "nothing is said before that"
    back = sent.headers["location"]
    done = await post_form(client, "/personal/bekrafta", {"losen": PASSWORD, "till": back}, asked.headers["location"])
    assert done.headers["location"] == back
    shown = await text_of(client, back)
    assert "Sparas nu 6 år Ska sparas 5 år" in shown
    assert "Det här raderas i nästa gallring: 2 personers uppgifter" in shown
    assert "natten till lördag 20 september 2031" in shown
    assert "Med regeln i dag: 0 personers uppgifter." in shown
    assert "1 till har gallringsstopp, väntar på arkivet eller går inte att läsa." in shown
    assert 'value="KS § 12"' in (await client.get(back)).text
    logs = await text_of(client, "/personal/gallring/regler/audit_entry/kortare?tid=5")
    assert "Det här raderas i nästa gallring: 0 rader" in logs
    newest = "select amount from retention_choice where subject = 'protected_record' order by id desc limit 1"
    assert await owner.fetchval(newest) == 6
    wrong = await post_form(client, f"{address}/kortare", {"tid": "5", "beslut": " "}, back)
    assert (wrong.status_code, "Skriv vilket beslut det är." in wrong.text) == (422, True)
    for typed in ({"tid": "4", "beslut": "KS"}, {"tid": "6", "beslut": "KS"}, {"tid": "x", "beslut": "KS"}):
        refused = await post_form(client, f"{address}/kortare", typed, back)
        assert refused.headers["location"] == address, typed
    # Five minutes later nobody is believed any more, with or without a page from before.
    clock.advance(minutes=6)
    token = csrf_of((await client.get("/personal/gallring/stopp")).text)
    late = await client.post(f"{address}/kortare", data={"tid": "5", "beslut": "KS", "_csrf_token": token})
    assert late.headers["location"].startswith("/personal/bekrafta")
    assert await owner.fetchval(newest) == 6
    client.cookies.clear()
    await sign_in_as(client, "sasha", clock.now())
    # Exactly what was counted: another number than the page said, or other records by now, are shown first.
    other = "/personal/gallring/regler/audit_entry/kortare"
    ten = hidden((await client.get(f"{other}?tid=10")).text, "sett")
    for sett in (ten, "x", ""):
        swapped = await post_form(client, other, {"tid": "5", "beslut": "KS", "sett": sett}, f"{other}?tid=10")
        assert (swapped.status_code, "något annat som raderas än du har sett" in swapped.text) == (422, True)
    assert await owner.fetchval("select min(amount) from retention_choice where subject = 'audit_entry'") == 11
    asked = {"tid": "5", "beslut": "KS", "sett": hidden((await client.get(back)).text, "sett")}
    assert (await post_form(client, f"{address}/kortare", asked, back)).status_code == 303
    assert await owner.fetchval(newest) == 5


async def test_a_decision_is_named_by_its_number_and_day_and_by_nobody(
    past: Past, client: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    await sign_in_as(client, "sasha", NIGHT)
    address = "/personal/gallring/regler/protected_record"
    for language, told in (("sv", "Skriv beslutets nummer eller paragraf"), ("en", "number or paragraph of the decision")):
        client.cookies.set("lang", language)
        for where, years in ((address, "6"), (f"{address}/kortare", "5")):
            if years == "5":
                await owner.execute(
                    """insert into retention_choice (subject, amount, decision, staff_id, chosen_at)
                       values ('protected_record', 6, 'KS 1', 1, $1)""",
                    NIGHT,
                )
            asked = f"{where}?tid=5" if years == "5" else where
            wrong = await post_form(client, where, {"tid": years, "beslut": "Anna 19850214-1234"}, asked)
            assert (wrong.status_code, told in wrong.text) == (422, True), where
        await owner.execute("delete from retention_choice")
    assert await choose("protected_record", 6, "Anna 070-174 06 05", 1, NIGHT) == "leads"
    # As the release before sends it.
    assert (await post_form(client, address, {"tid": "6", "beslut": "KS 2026-000123"})).status_code == 303


async def test_a_number_outside_the_limits_and_a_missing_decision_are_said_at_once(
    past: Past, client: httpx.AsyncClient
) -> None:
    await sign_in_as(client, "sasha", NIGHT)
    address = "/personal/gallring/regler/protected_record"
    answer = await post_form(client, address, {"tid": "2", "beslut": ""})
    assert answer.status_code == 422
    assert "Det är för kort." in answer.text
    assert "Skriv vilket beslut det är." in answer.text
    answer = await post_form(client, address, {"tid": "x", "beslut": ""})
    assert "Skriv ett tal från" in answer.text
    assert "Det är för kort." not in answer.text
