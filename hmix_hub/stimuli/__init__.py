"""Stimuli: the pictures that judgments are about, computed from their endpoints to the last bit."""
