"""The numbers of the database's advisory locks, all in one place: two uses of one number stop each other.

Processes of two releases may run side by side for a moment, so a number keeps its meaning.
"""

from typing import Final

# Who changes the chain over the access log.
CHAIN: Final = 7_105_895
# Shared by who erases or does a job; alone for who puts a backup back.
RESTORING: Final = 7_105_896
# One rotation of keys, and no copy of keys beside it.
ROTATING: Final = 7_105_897
# One restore or rehearsal.
BACKUP_READ: Final = 7_105_898
# Who makes the database's mark anew.
MARK: Final = 7_105_899
# One `programmes migrate`.
MIGRATING: Final = 7_105_910
# Who judges the monthly review of the access log, or signs it.
REVIEW: Final = 7_105_911
