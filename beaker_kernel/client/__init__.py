"""Run code in a kernel of a Jupyter Server from Python: Beaker's, or any other."""

from beaker_kernel.client.executer import JupyterCodeExecuter, execute_code_jupyter
from beaker_kernel.client.folding import Result

__all__ = ["JupyterCodeExecuter", "Result", "execute_code_jupyter"]
