"""One way out for log lines: structlog and the standard library's loggers, as JSON lines or for a person's eye."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def logging(*, json: bool, levels: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The LOGGING setting. `levels`: logger → level, where another than INFO.

    As JSON, audit lines go to stdout, for a log collector; those of commands, whose stdout is theirs, with the rest.
    """
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    last = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": _SHARED,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": formatter},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "lines"},
            "audit": {"class": "logging.StreamHandler", "formatter": "lines", "stream": "ext://sys.stdout"},
        },
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {
            "audit": {"handlers": ["audit"], "propagate": False, "level": "INFO" if json else "WARNING"},
            "audit.command": {"handlers": ["console"], "propagate": False},
            **{name: {"level": level} for name, level in (levels or {}).items()},
        },
    }
