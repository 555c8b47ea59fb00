"""Calendar feeds. A token is derived from the feed's id and a key in the key folder; only its digest is stored."""

from piccolo.columns import UUID, Bytea, ForeignKey, Integer, Text, Timestamptz
from piccolo.columns.base import OnDelete
from piccolo.constraints import Check
from piccolo.table import Table

from programmes.cohorts.tables import Cohort
from programmes.enrolment.tables import Enrolment
from programmes.people.tables import Staff


class Feed(Table, tablename="feed"):
    """One subscribable calendar. `generation` goes up when the address is renewed; UIDs are derived from the id.

    When an enrolment's rows go at closing, its feed stays without it and is served as revoked. `body_digest` and
    `revised_at` are those of what was last handed out; `title_revision` counts changes of the title, which is
    sealed under the enrolment's own key. One live feed per owner: the indexes are made in the migration.
    """

    id: UUID = UUID(primary_key=True, default=None)
    kind = Text(default=None)
    cohort_id = ForeignKey(Cohort, on_delete=OnDelete.cascade, null=True, default=None)
    staff_id = ForeignKey(Staff, on_delete=OnDelete.cascade, null=True, default=None)
    enrolment_id = ForeignKey(Enrolment, on_delete=OnDelete.set_null, null=True, default=None)
    sealed_title = Bytea(null=True, default=None)
    generation = Integer(default=1)
    token_digest = Bytea(default=None, unique=True)
    created_at = Timestamptz(default=None)
    revised_at = Timestamptz(default=None)
    revoked_at = Timestamptz(null=True, default=None)
    body_digest = Bytea(null=True, default=None)
    title_revision = Integer(default=0)
    titled_at = Timestamptz(null=True, default=None)
    # Of staff's calendar of one group: whose it is, which ends with their access (decision 25).
    group_id = ForeignKey(Cohort, on_delete=OnDelete.cascade, null=True, default=None)
    member_id = ForeignKey(Staff, on_delete=OnDelete.cascade, null=True, default=None)
    known_kind_of_feed = Check("kind in ('cohort', 'leader', 'participant', 'drop_in', 'group')")
    group_of_a_member = Check("(group_id is null) = (member_id is null) and (kind = 'group' or group_id is null)")
