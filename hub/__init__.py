"""Event-driven integration hub between a municipality and its partners."""
