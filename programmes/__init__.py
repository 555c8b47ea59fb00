"""Runs a municipality's group programmes and session series, from announcement to final statistics."""
