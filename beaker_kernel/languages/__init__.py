"""What the agent must know of a subkernel's language: one small adapter per language."""
