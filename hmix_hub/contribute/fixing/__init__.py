"""Fixes that need no decision, each shown."""
