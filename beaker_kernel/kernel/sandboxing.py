"""Whether a subkernel is to run in a sandbox: who says so, and that it stays so."""

from __future__ import annotations

from beaker_kernel.errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from beaker_kernel.kernel.kernelspecs import KernelSpec

SANDBOX = "beaker-sandbox"
"""The provisioner's name."""
SETTING = "BEAKER_SANDBOX"


def sandboxed(
    spec: KernelSpec, environ: Mapping[str, str], metadata: Mapping[str, Any]
) -> KernelSpec:
    """Return the kernelspec in a sandbox where the environment or our own kernelspec wants one.

    Args:
        spec: the subkernel's kernelspec.
        environ: where ``BEAKER_SANDBOX=1`` may stand; nothing in it takes a sandbox away.
        metadata: ``metadata.beaker`` of our own kernelspec; its ``sandbox`` configures one.

    Raises:
        ConfigurationError: it can't be put into one, or the setting is neither 0 nor 1.

    """
    told = environ.get(SETTING) or "0"
    if told not in ("0", "1"):
        raise ConfigurationError(f"{SETTING} is 1 for a sandbox and 0 for none, not {told!r}")
    config = metadata.get("sandbox")
    if told == "0" and config in (None, False):
        return spec
    return _boxed(spec, config if isinstance(config, dict) else {})


def kept(present: KernelSpec, wanted: KernelSpec) -> KernelSpec:
    """Return the next kernelspec of a session: once in a sandbox, always in a sandbox.

    Raises:
        ConfigurationError: it can't be put into one.

    """
    if present.provisioner != SANDBOX:
        return wanted
    return _boxed(wanted, present.metadata["kernel_provisioner"].get("config") or {})


def _boxed(spec: KernelSpec, config: dict[str, Any]) -> KernelSpec:
    if spec.provisioner == SANDBOX:
        return spec
    if spec.provisioner:
        raise ConfigurationError(
            f"the kernelspec {spec.name!r} is started by the provisioner {spec.provisioner!r}, "
            "so it can't be put into a sandbox"
        )
    box = {"kernel_provisioner": {"provisioner_name": SANDBOX, "config": config}}
    return spec.with_metadata(box)
