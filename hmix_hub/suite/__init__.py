"""The HILL MixE Suite: web interfaces that collect judgments of mixed pictures without losing answers."""
