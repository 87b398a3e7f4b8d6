"""The server process: a headless Jupyter Server that serves kernels safely."""
