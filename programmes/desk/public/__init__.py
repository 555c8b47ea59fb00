"""The public catalogue, for people and for programs."""
