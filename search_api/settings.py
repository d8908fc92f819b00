"""What the service is told from outside: read once from the environment, then passed on."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from search_api.errors import SettingsError

LOG_FORMATS = ("text", "json")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; the README's table lists the same keys and the defaults of `from_environ`.

    `source_dir` is what POST /v1/reindex indexes, which is refused while `reindex_token` is "", and
    where originals of reports are. A rate of 0 sets no limit: that is the default for who builds an
    app in code, not for who serves one.
    """

    index_dir: Path = Path("index")
    source_dir: Path = Path("corpus")
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = ""
    reindex_token: str = ""
    poll_seconds: float = 0.2
    scorer: str = ""
    requests_per_second: int = 0
    requests_per_day: int = 0
    api_keys_file: Path | None = None
    trusted_proxies: str = ""
    concurrent_searches: int = 32
    max_connections: int = 1000
    client_seconds: float = 30.0
    shutdown_seconds: int = 20
    log_format: str = "text"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read ARCHIVE_… keys; raises SettingsError that names the key of a bad value."""
        defaults = cls(requests_per_second=10, requests_per_day=5000)

        def text(name: str) -> str:
            return environ.get(_key(name), "").strip()

        def number(name: str, least: float, most: float) -> float:
            return _number(environ, _key(name), getattr(defaults, name), least, most)

        def whole(name: str, least: int, most: int) -> int:
            return int(
                _number(environ, _key(name), getattr(defaults, name), least, most, whole=True)
            )

        return cls(
            index_dir=Path(text("index_dir") or defaults.index_dir),
            source_dir=Path(text("source_dir") or defaults.source_dir),
            host=text("host") or defaults.host,
            port=whole("port", 1, 65535),
            public_url=_address(_key("public_url"), text("public_url")),
            reindex_token=environ.get(_key("reindex_token"), ""),
            poll_seconds=number("poll_seconds", 0.05, 3600),
            scorer=text("scorer"),
            requests_per_second=whole("requests_per_second", 0, 1_000_000),
            requests_per_day=whole("requests_per_day", 0, 1_000_000_000),
            api_keys_file=Path(written) if (written := text("api_keys_file")) else None,
            trusted_proxies=text("trusted_proxies"),
            concurrent_searches=whole("concurrent_searches", 1, 1000),
            max_connections=whole("max_connections", 1, 100_000),
            client_seconds=number("client_seconds", 0.1, 3600),
            shutdown_seconds=whole("shutdown_seconds", 0, 3600),
            log_format=_choice(
                _key("log_format"), text("log_format") or defaults.log_format, LOG_FORMATS
            ),
        )


def _key(name: str) -> str:
    return f"ARCHIVE_{name.upper()}"


def _number(
    environ: Mapping[str, str],
    key: str,
    default: float,
    least: float,
    most: float,
    *,
    whole: bool = False,
) -> float:
    written = environ.get(key, "").strip()
    if not written:
        return default
    try:
        value = float(written)
    except ValueError:
        value = float("nan")
    if not least <= value <= most or (whole and value % 1):
        kind = "a whole number" if whole else "a number"
        raise SettingsError(f"{key}: found {written!r}; expected {kind} from {least} to {most}")
    return value


def _choice(key: str, written: str, choices: tuple[str, ...]) -> str:
    if written not in choices:
        raise SettingsError(f"{key}: found {written!r}; expected one of {', '.join(choices)}")
    return written


def _address(key: str, written: str) -> str:
    """Return the address under which people reach the service, without a slash at its end."""
    if not written:
        return ""
    try:
        parts = urlsplit(written)
        wrong = parts.scheme not in ("http", "https") or not parts.hostname
    except ValueError:
        wrong = True
    if wrong or not written.isprintable() or " " in written or parts.query or parts.fragment:
        raise SettingsError(
            f"{key}: found {written!r}; expected an address like https://archive.example"
        )
    return written.rstrip("/")
