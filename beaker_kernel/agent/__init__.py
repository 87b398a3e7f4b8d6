"""The agent process: the model's side of Beaker, started on the first question."""
