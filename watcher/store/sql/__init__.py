"""SQL that SQLite and PostgreSQL spell differently, and statements over many rows."""
