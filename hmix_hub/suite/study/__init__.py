"""The study file: which tasks participants are asked, with which pictures and texts."""
