"""How a place ends: leaving, being turned down, moving to another start, closing, and taking it back."""
