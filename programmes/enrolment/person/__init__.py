"""One person's page for staff."""
