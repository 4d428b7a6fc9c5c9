"""One folder per foreign system; each is found by its `hub.connectors` entry point."""
