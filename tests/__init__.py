"""Tests, laid out as the three packages are; quality and benchmarks beside them."""
