"""Scripted people who take part over HTTP, with biases that are known."""
