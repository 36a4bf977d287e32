"""Perception: a model of what people see in mixed pictures, and its use for labels and data collection."""
