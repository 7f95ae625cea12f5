"""The figures we claim, each measured here; see `python -m benchmarks --help`."""
