"""`python -m bench`: Berth's figures beside those of its peers, measured in the same run (docs/benchmarks.md)."""
