"""People, their roles, logins, sessions and the audit."""
