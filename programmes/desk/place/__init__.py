"""Min plats: what somebody has, and does, with a place of their own."""
