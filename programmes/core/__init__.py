"""What every feature stands on: clock, errors, database transactions, sealing, audit and jobs."""
