"""The database: the only room that knows SQLAlchemy. Functions take an open transaction and never commit."""
