"""Tables that no feature owns: the audit trail and keys to be destroyed."""

from piccolo.columns import UUID, BigSerial, Integer, Text, Timestamptz
from piccolo.constraints import Check
from piccolo.table import Table


class AuditEntry(Table, tablename="audit_entry"):
    """Who did what to what, when. Only ids: no name, no text of a person. Web may insert, not change."""

    id: BigSerial = BigSerial(primary_key=True)
    at = Timestamptz(default=None)
    staff_id = Integer(null=True, default=None)
    action = Text(default=None)
    subject = Text(default=None)
    action_is_a_name = Check("action ~ '^[a-z_]+(:[a-z0-9_]+)+$'")
    subject_is_an_id = Check("subject ~ '^[a-z_]+/[a-z0-9.-]+(/[a-z0-9_]+)*$'")


class KeyDestruction(Table, tablename="key_destruction"):
    """The intent to destroy a key, committed with what makes it due; replayed until the receipt is written, then gone."""

    id: BigSerial = BigSerial(primary_key=True)
    kind = Text(default=None)
    key_id = UUID(default=None, unique=True)
    why = Text(default=None)
    intended_at = Timestamptz(default=None)
    kind_of_key_is_a_name = Check("kind ~ '^[a-z]{1,20}$'")
    why_is_a_rule = Check("why ~ '^[a-z0-9_ :,]{1,100}$' and why !~ '[0-9]{3}'")
