"""Contributing a study: from raw exports to a checked, described and published dataset."""
