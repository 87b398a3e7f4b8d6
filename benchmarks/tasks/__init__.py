"""Tasks whose answers exist in a live session alone: what a model makes of them, scored there."""
