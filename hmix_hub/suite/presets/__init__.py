"""Collections to begin with: a file per preset, and one per task, whose lines that end in `#: PRESET` are its alone."""
