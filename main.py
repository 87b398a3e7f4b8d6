"""Start Beaker's server from a checkout; `python main.py --help` lists its options."""

from beaker_kernel.server.app import main

if __name__ == "__main__":
    main()
