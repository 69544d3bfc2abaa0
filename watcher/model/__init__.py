"""The nouns of the field, frozen: what passes from room to room."""
