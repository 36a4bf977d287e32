"""The command `hmix`: thin, one module per verb."""
