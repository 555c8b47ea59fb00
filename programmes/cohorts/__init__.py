"""Cohorts, their sessions and schedule, leaders, venues and closures."""
