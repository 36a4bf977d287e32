"""What follows from judgments: computed columns, flags, soft labels, by-stimulus tables, filters, migrations."""
