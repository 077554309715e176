"""Every statement that intake sends to Postgres, one module a concept, its SQL in the file beside it."""
