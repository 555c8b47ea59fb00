"""Tables that no feature owns: the audit trail and keys to be destroyed."""

from piccolo.columns import UUID, BigSerial, Integer, Text, Timestamptz
from piccolo.table import Table


class AuditEntry(Table, tablename="audit_entry"):
    """Who did what to what, when. Only ids: no name, no text of a person. Web may insert, not change."""

    id: BigSerial = BigSerial(primary_key=True)
    at = Timestamptz(default=None)
    staff_id = Integer(null=True, default=None)
    action = Text(default=None)
    subject = Text(default=None)


class KeyDestruction(Table, tablename="key_destruction"):
    """The intent to destroy a key, committed with what makes it due; replayed until the receipt is written, then gone."""

    id: BigSerial = BigSerial(primary_key=True)
    kind = Text(default=None)
    key_id = UUID(default=None, unique=True)
    why = Text(default=None)
    intended_at = Timestamptz(default=None)
