"""Words, and what surrounds them: HTML to text, tokens and their places, addresses, dates, languages."""
