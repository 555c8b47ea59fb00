"""Start-up cockpit, statistics, retention and access review."""
