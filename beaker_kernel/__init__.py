"""Beaker: a Jupyter kernel that you can talk to."""

__version__ = "0.1.0"
