"""Description of a study: statistics, pictures, card and Croissant, all computed."""
