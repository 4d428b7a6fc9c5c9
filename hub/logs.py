"""One JSON line per event on stderr; nothing in the normal case below INFO, and never an identifier of a person."""

from __future__ import annotations

import logging
import sys
from typing import Any

from hub.errors import places_passed
from hub.sparing import without

with without("rich"):  # it would draw tracebacks with it, which no log of the hub holds
    import structlog

__all__ = ["configure_logs", "get_logger"]

_LONGEST_CHAIN = 8

_QUIET = ("kafka", "aiokafka", "httpx", "httpcore", "faust", "mode", "alembic", "uvicorn.access")


def _without_content(_logger: Any, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Put classes and places for an exception, and for those it came of; never a text, never a variable."""
    found = event.pop("exc_info", None)
    error = found[1] if isinstance(found, tuple) else sys.exc_info()[1] if found is True else found
    chain: list[dict[str, Any]] = []
    while isinstance(error, BaseException) and len(chain) < _LONGEST_CHAIN:
        chain.append({"class": type(error).__name__, "passed": places_passed(error)})
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if chain:
        event["exception"] = chain
    return event


def configure_logs(process: str, *, level: str = "INFO") -> None:
    """Send structlog's and the libraries' logging to stderr as JSON, stamped with the process' name.

    Exceptions are told by class and place only, whoever logs them.
    """

    def stamp(_logger: Any, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        event["process"] = process
        return event

    shared: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),  # asked at every line: what is said later follows a later call
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                stamp,
                _without_content,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns whenever a machine is busy for a tenth of a second.
    logging.getLogger("kafka.net.selector").setLevel(logging.ERROR)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger by module name."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
