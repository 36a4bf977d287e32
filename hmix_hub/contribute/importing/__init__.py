"""Importing: raw exports become judgment files."""
