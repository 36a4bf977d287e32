"""Finding 2 of the paper, tested: whether labels as people would give them make a classifier more reliable."""
