"""Builders: source files to judgment tables, and the Hugging Face dataset builder over them."""
