"""Dockerfile and compose.yaml, which run nowhere here: what they name is what the code has."""

import re
import tomllib
from pathlib import Path

import yaml

from search_api.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
WEB = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["web"]
KEYS = {f"ARCHIVE_{name.upper()}" for name in Settings.__dataclass_fields__}


def test_every_package_is_copied_and_nothing_that_is_not_there() -> None:
    copied = set(re.findall(r"^COPY (\S+) ", DOCKERFILE, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert copied == {"requirements.lock", *project["tool"]["setuptools"]["packages"]}
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert not copied & set(ignored)
    assert all((ROOT / one).exists() for one in copied)


def test_only_settings_that_there_are_are_set() -> None:
    named = set(re.findall(r"\b(ARCHIVE_\w+)=", DOCKERFILE)) | set(WEB["environment"])
    assert named
    assert named <= KEYS


def test_the_settings_of_the_container_are_read_and_its_port_is_the_one_that_is_asked() -> None:
    environ = dict(re.findall(r"\b(ARCHIVE_\w+)=(\S+)", DOCKERFILE))
    settings = Settings.from_environ(environ | dict.fromkeys(WEB["environment"], ""))
    assert (settings.index_dir, settings.source_dir) == (Path("/index"), Path("/reports"))
    assert settings.host == "0.0.0.0"
    assert f"EXPOSE {settings.port}\n" in DOCKERFILE
    assert f"127.0.0.1:{settings.port}/readyz" in DOCKERFILE
    assert WEB["ports"] == [f"127.0.0.1:{settings.port}:{settings.port}"]


def test_what_is_written_lies_on_the_volume_or_in_memory() -> None:
    assert WEB["read_only"] is True
    assert [one.split(":")[-2] for one in WEB["volumes"][1:]] == ["/reports"]
    assert WEB["volumes"][0] == "index:/index"
    assert WEB["tmpfs"] == ["/tmp"]
    assert "ENV HOME=/tmp\n" in DOCKERFILE


def test_docker_waits_longer_for_the_end_than_the_service_does() -> None:
    assert int(WEB["stop_grace_period"].removesuffix("s")) > Settings().shutdown_seconds
