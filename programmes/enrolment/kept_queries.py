"""SQL about the first right to places of another start: whether it can be used, by whom, and what is kept for it."""


def can_be_chosen(now: str) -> str:
    """SQL: whether somebody can move on their own to the start `t`: it has not begun, and one can enter (`rules.entry`),
    also once it is decided that it starts."""
    return f"""(t.state in ('open', 'postponed', 'started')
                and t.enrol_from <= ({now} at time zone 'Europe/Stockholm')::date
                and {now} < (select min(starts_at) from cohort_session where cohort_id = t.id and state <> 'cancelled')
                and {now} < (select starts_at from cohort_session where cohort_id = t.id and number = least(
                    t.last_entry_session, (select max(number) from cohort_session where cohort_id = t.id))))"""


def leads_somewhere(now: str) -> str:
    """SQL: whether a first right `r` can be used: only while people can move to the start that it is to. Where they can't
    nothing is kept for it; it stays until its time is over, since what is decided about that start can be taken back."""
    return f"exists (select from cohort t where t.id = r.cohort_id and {can_be_chosen(now)})"


def came_to_nothing(cohort: str) -> str:
    """SQL: whether a cohort (its name) was decided to start and all of it was cancelled before anything was held."""
    return f"""({cohort}.state = 'started' and not exists (
                    select from cohort_session n where n.cohort_id = {cohort}.id and n.state <> 'cancelled'))"""


# SQL: whether an enrolment `k` of a start has the first right that was given from there: everybody whose start was
# cancelled, or came to nothing. Of a group that ended with what was held only who waited: who had a place had it in that.
HAS_FIRST_RIGHT = f"""(k.state = 'queued' or k.state in ('preliminary', 'confirmed') and exists (
    select from cohort kc where kc.id = k.cohort_id and (kc.state = 'cancelled' or {came_to_nothing("kc")})))"""


def kept_places(now: str) -> str:
    """SQL: how many people the first right to places of the cohort `c` is still for, since when and until when."""
    lasts = f"r.cohort_id = c.id and r.until > {now} and {leads_somewhere(now)}"
    return f"""(select count(*) from first_right r join enrolment k on k.cohort_id = r.from_cohort_id
                where {lasts} and {HAS_FIRST_RIGHT}) as kept,
               (select min(opened_at) from first_right r where {lasts}) as kept_since,
               (select max(until) from first_right r where {lasts}) as kept_until"""
