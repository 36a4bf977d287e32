"""Perception: a model of what people see in mixed pictures, and what follows from it for labels and collecting."""
