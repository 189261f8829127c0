"""Logs: one JSON object a line on stderr. What is logged is chosen here and holds no identifier of a patient."""

import logging
import sys
from collections.abc import Callable
from typing import Any

import structlog

_CHATTY = ("pynetdicom", "pydicom", "sqlalchemy", "alembic", "uvicorn.access", "httpx", "httpcore", "asyncio")


def configure(level: str, *, role: str) -> Callable[..., Any]:
    """Set up logging for this process and return its logger, bound to the role."""
    threshold = getattr(logging, level.upper())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    for name in _CHATTY:  # their messages quote what they received
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return structlog.get_logger().bind(role=role)  # type: ignore[no-any-return]  # structlog's proxies are untyped
