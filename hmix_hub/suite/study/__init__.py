"""The study file: what is asked of whom, with which texts."""
