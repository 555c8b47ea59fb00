"""What ends an upgrade."""


class UpgradeError(RuntimeError):
    """The database could not be brought to this release; the message says why, what is done, and what to do."""
