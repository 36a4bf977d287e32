"""Picture of one stimulus: what people saw, and what they answered."""
