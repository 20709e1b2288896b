"""The benchmarks: one folder a dataset, each benchmark a declaration."""
