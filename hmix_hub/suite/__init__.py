"""The HILL MixE Suite: web interfaces that collect judgments of mixed pictures, one process, no lost answer."""
