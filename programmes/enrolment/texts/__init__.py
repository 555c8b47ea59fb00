"""Conditions and rules that are accepted, and their versions."""
