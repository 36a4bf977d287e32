"""Pseudonyms: participant ids replaced by keyed ones, the same person by the same one."""
