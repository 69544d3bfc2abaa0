"""Who may come in: names this server answers to, sessions, logins, form tokens, what a browser may do with a page."""
