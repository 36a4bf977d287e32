"""Deployment: settings of the servers that stand in front of a collection, and of what starts it."""
