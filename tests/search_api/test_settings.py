"""search_api.settings: the environment is read once, and a bad value names its key."""

import re
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from search_api.errors import SearchError, SettingsError
from search_api.settings import Settings


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.from_environ({}) == Settings(
        index_dir=Path("index"),
        source_dir=Path("corpus"),
        host="127.0.0.1",
        port=8000,
        reindex_token="",
        poll_seconds=0.2,
        requests_per_second=10,
        requests_per_day=5000,
    )


def test_every_key_is_read() -> None:
    environ = {
        "ARCHIVE_INDEX_DIR": "/srv/index",
        "ARCHIVE_SOURCE_DIR": "/srv/reports",
        "ARCHIVE_HOST": "0.0.0.0",
        "ARCHIVE_PORT": "8080",
        "ARCHIVE_REINDEX_TOKEN": "secret",
        "ARCHIVE_POLL_SECONDS": "0.5",
        "ARCHIVE_PUBLIC_URL": "https://archive.example/",
        "ARCHIVE_REQUESTS_PER_SECOND": "3",
        "ARCHIVE_REQUESTS_PER_DAY": "0",
        "ARCHIVE_API_KEYS_FILE": "/srv/keys.jsonl",
        "ARCHIVE_TRUSTED_PROXIES": "10.0.0.1,10.0.0.2",
        "ARCHIVE_CONCURRENT_SEARCHES": "4",
        "ARCHIVE_MAX_CONNECTIONS": "50",
        "ARCHIVE_CLIENT_SECONDS": "2.5",
        "ARCHIVE_SHUTDOWN_SECONDS": "1",
        "ARCHIVE_LOG_FORMAT": "json",
        "PATH": "/bin",
    }
    assert Settings.from_environ(environ) == Settings(
        index_dir=Path("/srv/index"),
        source_dir=Path("/srv/reports"),
        host="0.0.0.0",
        port=8080,
        reindex_token="secret",
        poll_seconds=0.5,
        public_url="https://archive.example",
        requests_per_second=3,
        requests_per_day=0,
        api_keys_file=Path("/srv/keys.jsonl"),
        trusted_proxies="10.0.0.1,10.0.0.2",
        concurrent_searches=4,
        max_connections=50,
        client_seconds=2.5,
        shutdown_seconds=1,
        log_format="json",
    )


def test_an_empty_value_is_no_value() -> None:
    empty = dict.fromkeys(("ARCHIVE_INDEX_DIR", "ARCHIVE_HOST", "ARCHIVE_PORT"), "")
    assert Settings.from_environ(empty) == Settings.from_environ({})


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "nan", "inf", "8000.5", "80 80"])
def test_a_bad_port_names_its_key_and_what_was_found(port: str) -> None:
    with pytest.raises(SettingsError, match="ARCHIVE_PORT") as caught:
        Settings.from_environ({"ARCHIVE_PORT": port})
    assert repr(port) in str(caught.value)
    assert "65535" in str(caught.value)


@pytest.mark.parametrize("seconds", ["soon", "0", "-1", "nan"])
def test_bad_poll_seconds_name_their_key(seconds: str) -> None:
    with pytest.raises(SearchError, match="ARCHIVE_POLL_SECONDS"):
        Settings.from_environ({"ARCHIVE_POLL_SECONDS": seconds})


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("ARCHIVE_LOG_FORMAT", "xml", "text, json"),
        ("ARCHIVE_CONCURRENT_SEARCHES", "0", "from 1"),
        ("ARCHIVE_REQUESTS_PER_SECOND", "1.5", "a whole number"),
        ("ARCHIVE_PUBLIC_URL", "archive.example", "https://archive.example"),
        ("ARCHIVE_PUBLIC_URL", "javascript:alert(1)", "https://archive.example"),
        ("ARCHIVE_PUBLIC_URL", "https://a b", "https://archive.example"),
        ("ARCHIVE_PUBLIC_URL", "http://[", "https://archive.example"),
    ],
)
def test_a_bad_value_names_its_key_and_what_is_expected(
    key: str, value: str, expected: str
) -> None:
    with pytest.raises(SettingsError, match=key) as caught:
        Settings.from_environ({key: value})
    assert expected in str(caught.value)


def test_the_readmes_table_is_what_the_code_reads() -> None:
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(ARCHIVE_[A-Z_]+)` \| `?([^|`]*?)`? \|", readme, re.MULTILINE))
    served = Settings.from_environ({})
    assert told == {
        f"ARCHIVE_{field.name.upper()}": _as_told(getattr(served, field.name))
        for field in fields(Settings)
    }


def _as_told(value: object) -> str:
    return (
        f"{value:g}" if isinstance(value, float) else "none" if value in ("", None) else str(value)
    )


def test_settings_cannot_be_changed_later() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]
