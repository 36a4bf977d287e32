"""Dataset cards: texts about the datasets, for the Hub and for citing them."""
