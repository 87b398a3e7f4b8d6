"""The person's side: how requests come from a frontend, and what is shown of an answer."""
