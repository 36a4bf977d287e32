"""The store: one SQLite file per collection, one writer; what is acknowledged is on the disk."""
