"""Pseudonyms: participant ids replaced by keyed ones, consistently for each participant."""
