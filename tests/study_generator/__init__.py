"""Random valid studies, and defects to plant in them."""
