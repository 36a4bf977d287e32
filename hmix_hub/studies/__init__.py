"""A contributed study on disk: its manifest, its files, the rules that it keeps, and its way to the judgment table."""
