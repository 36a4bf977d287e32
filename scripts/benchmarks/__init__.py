"""Parts of the benchmark: `scripts/benchmark.py` runs them."""
