"""Commands of `hmix collect`, one module each."""
