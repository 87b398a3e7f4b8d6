"""The process that starts a subkernel through a jupyter_client provisioner; one is our sandbox."""
