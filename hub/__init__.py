"""Event-driven integration hub between a municipality and its partners."""

from hub.compiled.form import choose

__all__: list[str] = []

choose()  # here, because every way into the hub leads past this and no module may be loaded before
