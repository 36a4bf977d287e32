"""Stimuli: the pictures that were judged, computed from their endpoints exactly to the bit."""
