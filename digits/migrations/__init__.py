"""How the tables of corrections came to be what they are, step by step; Alembic runs them."""
