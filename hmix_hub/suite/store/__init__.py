"""The store: one SQLite file per collection, with one writer; everything acknowledged is on disk."""
