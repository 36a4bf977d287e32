"""hmix-hub."""
