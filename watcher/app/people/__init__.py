"""People: added, given roles and passwords, let go; their sessions and tokens; and what the audit says of all that."""
