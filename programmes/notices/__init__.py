"""Messages to participants, sent by jobs."""
