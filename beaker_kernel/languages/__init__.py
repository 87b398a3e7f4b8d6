"""What the agent must know of a subkernel's language: one small adapter per language."""

from beaker_kernel.languages.language import Default, Language, Probe, load

__all__ = ["Default", "Language", "Probe", "load"]
