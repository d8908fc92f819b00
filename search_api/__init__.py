"""Understand a query, merge the two rankings, answer with quotes, and serve both as JSON."""
