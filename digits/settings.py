"""Settings from environment variables, so that pages, servers and containers are set up alike.

They are ``DIGITS_MODE``, ``DATABASE_URL``, ``DIGITS_HOME``, ``DIGITS_PASSWORD`` and
``DIGITS_PUBLIC_URL``.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from digits.errors import SettingsError

Mode = Literal["personal", "shared"]
DATABASE = "corrections.sqlite"


@dataclass(frozen=True, slots=True)
class Settings:
    """How this installation is set up."""

    mode: Mode  # "personal": one person, everything kept; "shared": nothing kept unless saved
    folder: Path  # where corrections and personal models lie
    database_url: str = field(repr=False)  # as SQLAlchemy wants it; may hold a password
    password: str | None = field(default=None, repr=False)  # of the owner, in shared mode
    public_urls: tuple[str, ...] = ()  # at which a proxy shows it, as https://digits.example

    @property
    def is_shared(self) -> bool:
        """Whether strangers may use this installation."""
        return self.mode == "shared"


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that the environment asks for.

    Parameters
    ----------
    environment : instead of this process's own

    Raises
    ------
    SettingsError
        ``DIGITS_MODE`` is neither personal nor shared, or ``DIGITS_PUBLIC_URL`` is no address.
    """
    given = os.environ if environment is None else environment
    mode = given.get("DIGITS_MODE") or "personal"
    if mode not in ("personal", "shared"):
        raise SettingsError(f"DIGITS_MODE is {mode!r}: set it to personal or to shared")
    folder = Path(given["DIGITS_HOME"]) if given.get("DIGITS_HOME") else _user_folder(given)
    url = given.get("DATABASE_URL") or f"sqlite:///{(folder / DATABASE).as_posix()}"
    return Settings(
        "shared" if mode == "shared" else "personal",
        folder,
        _as_sqlalchemy(url),
        given.get("DIGITS_PASSWORD") or None,
        tuple(_origin(url) for url in given.get("DIGITS_PUBLIC_URL", "").replace(",", " ").split()),
    )


def _origin(url: str) -> str:
    """Return scheme, host and port of an address, as a browser writes them."""
    parts = urlsplit(url.lower())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(
            f"DIGITS_PUBLIC_URL holds {url!r}: give it addresses such as https://digits.example"
        )
    return f"{parts.scheme}://{parts.netloc}"


def _as_sqlalchemy(url: str) -> str:
    """Name the driver in a PostgreSQL address, which hosts hand out in two older spellings."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme in ("postgres", "postgresql"):
        return f"postgresql+psycopg://{rest}"
    return url


def _user_folder(environment: Mapping[str, str]) -> Path:
    """Return where programs keep their data on this system."""
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or Path.cwd())
    if sys.platform == "win32":
        base = environment.get("LOCALAPPDATA")
        return (Path(base) if base else home / "AppData" / "Local") / "digits"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "digits"
    base = environment.get("XDG_DATA_HOME")
    return (Path(base) if base else home / ".local" / "share") / "digits"
