"""What an entry point does with the log: lines for people, or one JSON object a line."""

import datetime
import json
import logging
import sys
from contextvars import ContextVar

# The id of the request that is being answered, "" outside of one.
request_id: ContextVar[str] = ContextVar("request_id", default="")


def configure(log_format: str) -> None:
    """Log to stderr as "text" or "json"."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format == "json" else TextLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


class TextLines(logging.Formatter):
    """One line a record, whatever control characters a request has put into it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Return the line, the request's id at its end."""
        line = super().formatMessage(record)
        line = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in line)
        return f"{line} [{request_id.get()}]" if request_id.get() else line


class JsonLines(logging.Formatter):
    """A JSON object a line: time, level, logger, message, request_id, and what `extra` adds."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        line = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
