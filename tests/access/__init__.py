"""Who may ask for what: one table of route and role, tried cell by cell on seeded rows (promise 6)."""
