"""Pictures of judgments."""
