"""Figures of judgments, `hmix_hub.plot`, and of one stimulus, `hmix_hub.show`."""
