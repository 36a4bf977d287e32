"""What those who run a study may do with it: the same actions from the command line and over the serving process."""
