"""The datasets: one folder each, with manifest, loader and phantom."""
