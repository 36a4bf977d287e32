"""Export: from a collection to a study folder, or to files in the layout of the release."""
