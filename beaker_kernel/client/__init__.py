"""Run code in a kernel of a Jupyter Server from Python: Beaker's, or any other."""

from beaker_kernel.client.beaker_client import BeakerClient, Event
from beaker_kernel.client.executer import JupyterCodeExecuter, execute_code_jupyter
from beaker_kernel.client.folding import Result
from beaker_kernel.client.synchronous import SyncBeakerClient

__all__ = [
    "BeakerClient",
    "Event",
    "JupyterCodeExecuter",
    "Result",
    "SyncBeakerClient",
    "execute_code_jupyter",
]
