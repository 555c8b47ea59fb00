"""From the last session to a closed group, and what is left of it."""
