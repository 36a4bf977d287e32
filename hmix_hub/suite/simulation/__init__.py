"""Scripted participants with known biases, who take part over HTTP."""
