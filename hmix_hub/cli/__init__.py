"""The command `hmix`: a thin layer, one module per command."""
