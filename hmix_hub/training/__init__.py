"""Training: batches of pictures and targets, in an order shared by any number of processes."""
