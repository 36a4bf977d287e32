"""What the operators of a study can do: the same actions from the command line and in the serving process."""
