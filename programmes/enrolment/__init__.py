"""One person's way through a cohort: conditions, seats, queue, study visits, agreements."""
