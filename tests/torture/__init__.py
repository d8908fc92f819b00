"""Campaigns that kill, starve and damage: `make torture`; `make test` runs a short one of each.

RESILIENCE.md says what each of them proves.
"""
