"""Computations on judgments: derived columns, flags, soft labels, by-stimulus tables, filters, migrations."""
