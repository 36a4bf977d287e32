"""Rules that a contributed study keeps, as data; `hmix_hub.studies.catalogue` gives them all."""
