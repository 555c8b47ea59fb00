"""Siblings who come together or not at all."""
