"""search_api.settings: the environment is read once, and a bad value names its key."""

from dataclasses import FrozenInstanceError
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
        poll_seconds=1.0,
    )


def test_every_key_is_read() -> None:
    environ = {
        "ARCHIVE_INDEX_DIR": "/srv/index",
        "ARCHIVE_SOURCE_DIR": "/srv/reports",
        "ARCHIVE_HOST": "0.0.0.0",
        "ARCHIVE_PORT": "8080",
        "ARCHIVE_REINDEX_TOKEN": "secret",
        "ARCHIVE_POLL_SECONDS": "0.5",
        "PATH": "/bin",
    }
    assert Settings.from_environ(environ) == Settings(
        index_dir=Path("/srv/index"),
        source_dir=Path("/srv/reports"),
        host="0.0.0.0",
        port=8080,
        reindex_token="secret",
        poll_seconds=0.5,
    )


def test_an_empty_value_is_no_value() -> None:
    empty = dict.fromkeys(("ARCHIVE_INDEX_DIR", "ARCHIVE_HOST", "ARCHIVE_PORT"), "")
    assert Settings.from_environ(empty) == Settings()


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


def test_settings_cannot_be_changed_later() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]
