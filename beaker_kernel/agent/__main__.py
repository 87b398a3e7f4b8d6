"""``python -P -m beaker_kernel.agent``: the agent process, started by the relay with its link."""

from beaker_kernel.agent.app import main

main()
