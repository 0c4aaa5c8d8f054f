"""Tables, queries and migrations: one module a feature, one metadata, one line of migrations."""
