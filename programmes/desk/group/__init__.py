"""One group as its staff see it, and what they do with those who have a place in it."""
