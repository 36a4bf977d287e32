"""The design: which stimuli each batch holds, drawn once and frozen with the study file."""
