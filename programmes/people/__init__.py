"""Staff and their roles, sign-in, and participants' protected records."""
