"""Clients of encoders: what turns a text into a vector. Without the extra `meaning` there is none."""
