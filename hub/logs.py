"""One JSON line per event on stderr; nothing in the normal case below INFO, and never an identifier of a person."""

from __future__ import annotations

import logging
import sys

import structlog

__all__ = ["configure_logs", "get_logger"]

_QUIET = ("kafka", "aiokafka", "httpx", "httpcore", "faust", "mode", "alembic", "uvicorn.access")


def configure_logs(process: str, *, level: str = "INFO") -> None:
    """Send structlog's and the libraries' logging to stderr as JSON, stamped with the process' name."""
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
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.dict_tracebacks,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns whenever a machine is busy for a tenth of a second.
    logging.getLogger("kafka.net.selector").setLevel(logging.ERROR)
    structlog.contextvars.bind_contextvars(process=process)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger by module name."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
