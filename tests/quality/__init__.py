"""Ranking and answer quality, measured through the product's own commands."""
