"""The intake: what runs a connector, decides what may leave its process, and remembers what has."""
