"""Joins the rooms: what comes in (poll, settle) and what goes out (compose, deliver). Transactions open here."""
