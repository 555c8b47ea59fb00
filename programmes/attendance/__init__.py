"""Roll call by person, head counts by sex, or only that a session was held."""
