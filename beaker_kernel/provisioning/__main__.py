"""``python -P -m beaker_kernel.provisioning``: started by the relay where one is named."""

from beaker_kernel.provisioning.host import main

main()
