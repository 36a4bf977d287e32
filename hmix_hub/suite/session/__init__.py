"""A session: the trials of one person, and the answers to them."""
