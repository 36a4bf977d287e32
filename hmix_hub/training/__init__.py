"""Training: batches of pictures and targets, in an order that any number of processes shares."""
