"""Page of a report: one HTML file with figures, tables and the numbers as JSON beside it."""
