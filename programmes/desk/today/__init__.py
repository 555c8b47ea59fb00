"""Idag: what happens and what needs whoever looks, also by mail."""
