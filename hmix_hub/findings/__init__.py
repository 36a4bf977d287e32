"""Findings about judgments, with intervals from resampling participants and the rows behind each number."""
