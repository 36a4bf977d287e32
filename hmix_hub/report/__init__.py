"""Report: findings about a set of judgments, with intervals and the rows behind each number."""
