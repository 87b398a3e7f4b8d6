"""The vocabulary that all processes share: messages, their codec, frames and the agent's link."""
