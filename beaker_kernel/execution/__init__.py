"""Runs code in live kernels for whoever is no notebook, and folds the outputs into a result."""
