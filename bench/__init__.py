"""Benchmarks: what the core does in a second, beside a named limit measured in the same minute on the same servers."""
