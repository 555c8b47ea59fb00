"""Backups of the database and of the keys that may be backed up, and putting them back.

A backup of the database is a folder named after its moment, whole or not there: `database.age` (pg_dump's custom format),
`receipts.age` (which keys were destroyed), `counts.age` (rows of each table) and `manifest.json`. Copies of keys are single
files in another folder, and those of person keys are gone within seven days (DESIGN 6).
"""


class BackupError(Exception):
    """It cannot be done; the message is for the administrator, and repeats nothing that a row holds."""


class NotBegun(BackupError):
    """The same, and nothing was tried: what was typed, or what is around it, does not let it begin."""
