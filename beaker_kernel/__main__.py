"""``python -P -m beaker_kernel -f FILE``: the relay process, as kernel.json starts it."""

from beaker_kernel.kernel.app import main

main()
