"""Columns of a study's tables: their names, and their values as the types of the schema."""
