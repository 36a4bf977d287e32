"""Findings about a set of judgments, with intervals by resampling people and the rows behind each number."""
