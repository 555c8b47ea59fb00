"""Bringing tables from one release to the next: what will happen, doing it, and doing it again after it was broken off."""
