"""Fixing: the mends that need no decision, each shown."""
