"""The command `heschl`."""
