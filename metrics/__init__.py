"""The metrics: one folder a metric."""
