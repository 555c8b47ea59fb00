"""What single sign-on calls somebody is one line of at most a hundred signs, also for whoever asks the function itself."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-28T21:10:03:000001"
VERSION = "1.38.0"
DESCRIPTION = "single sign-on gives names of one line"

# Control and direction characters and line breaks, as in `people.single_sign_on_rules.plain`.
_NOT_ON_A_LINE = r"[[:cntrl:]\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
# No word that was sent is in an exception, which the server would write into its log: what is refused is answered.
# An account is found by its subject alone, so that a local one, with a password, is out of reach.
_ADMIT = """
create or replace function admit_subject(
    issuer text, subject text, wanted_name text, shown text, roles text[], sections text[], at timestamptz,
    out answer text, out account integer, out changed boolean
) language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    known boolean;
    apart text := left(encode(sha256(convert_to(issuer || E'\\n' || subject, 'UTF8')), 'hex'), 8);
begin
    answer := 'refused';
    changed := false;
    if coalesce(issuer, '') = '' or coalesce(subject, '') = '' or coalesce(wanted_name, '') = '' or shown is null
       or length(issuer) > 255 or length(subject) > 255 or length(wanted_name) > 100 or length(shown) > 100
       or (issuer || subject || wanted_name || shown) ~ '@@'
       or roles is null or sections is null or at is null or cardinality(roles) <> cardinality(sections)
       or exists (select from unnest(roles, sections) as w (role, section)
                  where not exists (select from group_role g where g.role = w.role and g.section = w.section)) then
        return;
    end if;
    select s.id, s.active into account, known from staff s
        where s.oidc_issuer = issuer and s.oidc_subject = subject for update;
    if account is null and cardinality(roles) = 0 then
        answer := 'nobody';
        return;
    end if;
    answer := case when account is null then 'made' when known then 'known' else 'ended' end;
    if account is null then
        insert into staff (username, display_name, password_hash, active, created_at, oidc_issuer, oidc_subject)
        values (
            case when exists (select from staff s where s.username = wanted_name) then wanted_name || '-' || apart
                 else wanted_name end,
            shown, '', true, at, issuer, subject
        )
        on conflict (oidc_issuer, oidc_subject) do update set display_name = excluded.display_name
        returning id into account;
    else
        update staff s set display_name = shown where s.id = account and s.display_name is distinct from shown;
    end if;
    delete from staff_role r where r.staff_id = account
        and not exists (select from unnest(roles, sections) as w (role, section)
                        where w.role = r.role and w.section = r.section);
    changed := found;
    insert into staff_role (staff_id, role, section)
        select account, w.role, w.section from unnest(roles, sections) as w (role, section)
        on conflict (staff_id, role, section) do nothing;
    changed := changed or found;
end $$
""".replace("@@", _NOT_ON_A_LINE)
FORWARDS = [_ADMIT]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="programmes", description=DESCRIPTION)

    async def run() -> None:
        from programmes.core.db import fetch

        for statement in FORWARDS:
            await fetch(statement)

    manager.add_raw(run)
    return manager
