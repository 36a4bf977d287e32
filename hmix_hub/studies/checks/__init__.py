"""Checks of judgment files against the rules of the catalogue: vectorised, chunk by chunk, all findings together."""
