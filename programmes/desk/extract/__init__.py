"""A person's own extract (registerutdrag)."""
