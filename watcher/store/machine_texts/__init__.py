"""Texts that machines wrote, kept so that each is asked for once."""
