"""The package version, alone in a file so that packaging reads it without importing more."""

__version__ = "0.1.0"
