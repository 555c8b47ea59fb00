"""Series of talks, booked one at a time or by a pattern."""
