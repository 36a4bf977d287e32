"""Study files to begin with."""
