"""The relay process: between the frontends and the subkernel."""
