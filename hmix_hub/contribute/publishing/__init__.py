"""Publishing: upload of a study to the Hugging Face Hub, safe to repeat."""
