"""Checks of judgment files against the rules of the catalogue: vectorised, piece by piece, all findings together."""
