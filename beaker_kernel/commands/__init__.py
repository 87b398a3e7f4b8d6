"""The subcommands of `beaker`, one module each; they import the other rooms when they run."""
