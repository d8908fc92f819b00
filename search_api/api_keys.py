"""Keys that raise a client's limits: shown once when made, kept as digests.

A line of the file is {"name", "sha256", "per_second", "per_day"}. A key has 256 random bits, so a
plain digest keeps it: there is nothing to guess.
"""

import hashlib
import json
import logging
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from search_api.errors import SettingsError

logger = logging.getLogger(__name__)

PREFIX = "ark_"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Who may ask more, and how much; a rate of 0 is without limit."""

    name: str
    sha256: str
    per_second: int
    per_day: int


class ApiKeys:
    """The keys of a file, read anew whenever the file changes."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._read_at = -1
        self._keys: dict[str, ApiKey] = {}
        if path is not None and path.exists():
            self._refresh(path)

    def __bool__(self) -> bool:
        """True where keys are in use at all."""
        return self._path is not None

    def find(self, written: str) -> ApiKey | None:
        """Return the key that was sent, None where it is none of ours.

        A file that cannot be read changes nothing: the keys that were read before go on working.
        """
        if self._path is not None:
            try:
                self._refresh(self._path)
            except SettingsError as error:
                logger.error("the API keys stay as they were: %s", error)
        return self._keys.get(digest(written))

    def _refresh(self, path: Path) -> None:
        try:
            changed_at = path.stat().st_mtime_ns
        except OSError:
            self._keys, self._read_at = {}, -1
            return
        if changed_at != self._read_at:
            self._read_at = changed_at
            self._keys = {key.sha256: key for key in read_keys(path)}


def digest(key: str) -> str:
    """Return what is kept of a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def make_key(path: Path, name: str, per_second: int, per_day: int) -> str:
    """Add a new key to the file and return it: nobody can read it there again.

    Raises SettingsError where the name is taken or the file cannot be written.
    """
    if path.exists() and any(key.name == name for key in read_keys(path)):
        raise SettingsError(f"{path}: has a key for {name!r} already; choose another name")
    key = PREFIX + secrets.token_urlsafe(32)
    line = json.dumps(asdict(ApiKey(name, digest(key), per_second, per_day)), ensure_ascii=False)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        raise SettingsError(f"{path}: cannot be written ({error.strerror})") from error
    return key


def read_keys(path: Path) -> list[ApiKey]:
    """Return the keys of a file; raises SettingsError that names a line that is none."""
    found = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read; expected JSON lines in UTF-8") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            key = ApiKey(**json.loads(line))
            whole = all(type(rate) is int and rate >= 0 for rate in (key.per_second, key.per_day))
            if not whole or not isinstance(key.name, str) or len(bytes.fromhex(key.sha256)) != 32:
                raise ValueError(line)
        except (ValueError, TypeError) as error:
            raise SettingsError(
                f"{path}, line {number}: not a key; expected one that "
                "`python -m search_api key` has written"
            ) from error
        found.append(key)
    return found
