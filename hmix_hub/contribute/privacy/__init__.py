"""Privacy: search of a study for information that identifies participants."""
