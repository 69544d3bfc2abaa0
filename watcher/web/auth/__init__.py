"""Access to the page and the API: hosts, sessions, logins, form tokens, and what browsers may do with a page."""
