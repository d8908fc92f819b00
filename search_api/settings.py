"""What the service is told from outside: read once from the environment, then passed on."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from search_api.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; the README's table lists the same keys.

    `source_dir` is what POST /v1/reindex indexes. It is refused while `reindex_token` is "".
    """

    index_dir: Path = Path("index")
    source_dir: Path = Path("corpus")
    host: str = "127.0.0.1"
    port: int = 8000
    reindex_token: str = ""
    poll_seconds: float = 1.0

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read ARCHIVE_… keys; raises SettingsError that names the key of a bad value."""
        defaults = cls()
        return cls(
            index_dir=Path(environ.get("ARCHIVE_INDEX_DIR") or defaults.index_dir),
            source_dir=Path(environ.get("ARCHIVE_SOURCE_DIR") or defaults.source_dir),
            host=environ.get("ARCHIVE_HOST") or defaults.host,
            port=int(_number(environ, "ARCHIVE_PORT", defaults.port, 1, 65535, whole=True)),
            reindex_token=environ.get("ARCHIVE_REINDEX_TOKEN", ""),
            poll_seconds=_number(
                environ, "ARCHIVE_POLL_SECONDS", defaults.poll_seconds, 0.05, 3600
            ),
        )


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
