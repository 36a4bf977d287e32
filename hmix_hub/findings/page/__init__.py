"""Page of a report: one HTML file with figures and tables, and the numbers as JSON next to it."""
