"""The server process: a headless Jupyter Server that serves kernels safely."""

from __future__ import annotations

from typing import Any

from beaker_kernel.server import iri_format

iri_format.put_off()


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Name the extension; importing it here keeps `import beaker_kernel.server` free of cost."""
    from beaker_kernel.server.app import BeakerServer  # noqa: PLC0415

    return [{"module": "beaker_kernel.server.app", "app": BeakerServer}]
