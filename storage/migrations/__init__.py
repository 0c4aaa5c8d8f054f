"""The line of migrations; ``storage/schema.py`` runs them."""
