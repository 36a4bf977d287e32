"""The design: the stimuli of each batch, drawn once and frozen with the study file."""
