"""Publishing: a study to the Hugging Face Hub, the same however often it is tried."""
