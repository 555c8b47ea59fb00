"""A believable municipality, loaded by `make demo`."""
