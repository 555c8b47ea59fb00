"""What people are reminded of, a day before."""
