"""Everything that speaks HTTP: templates, forms, guards, sessions, errors, headers, static files."""
