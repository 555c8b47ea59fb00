"""What is kept of a person: the record, protection, a partner, search, keys and erasure."""
