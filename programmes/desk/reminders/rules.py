"""When people are reminded of what they know. Pure."""

from datetime import timedelta

# A day before; not when it is nearly there, as after a worker that was down.
REMIND_BEFORE, LATEST = timedelta(hours=24), timedelta(hours=2)
