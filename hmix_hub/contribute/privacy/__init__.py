"""Privacy: what in a study would give people away."""
