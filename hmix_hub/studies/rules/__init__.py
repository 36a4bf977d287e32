"""Rules for contributed studies, as data; `hmix_hub.studies.catalogue` collects them."""
