"""The endpoint that the model is behind: found, asked, and understood whatever it sends."""
