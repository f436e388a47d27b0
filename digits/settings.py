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
    """The settings of this installation."""

    mode: Mode  # "personal": one user; "shared": corrections are stored only on request
    folder: Path  # of corrections and personal models
    database_url: str = field(repr=False)  # for SQLAlchemy; may contain a password
    password: str | None = field(default=None, repr=False)  # of the owner, in shared mode
    public_urls: tuple[str, ...] = ()  # of a reverse proxy, e.g. https://digits.example

    @property
    def is_shared(self) -> bool:
        """Whether several people use this installation."""
        return self.mode == "shared"


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings from the environment.

    Parameters
    ----------
    environment : replaces that of this process

    Raises
    ------
    SettingsError
        ``DIGITS_MODE`` is neither personal nor shared, or ``DIGITS_PUBLIC_URL`` is not an address.
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
    """Return the origin of an address: scheme, host and port."""
    parts = urlsplit(url.lower())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(
            f"DIGITS_PUBLIC_URL holds {url!r}: give it addresses such as https://digits.example"
        )
    return f"{parts.scheme}://{parts.netloc}"


def _as_sqlalchemy(url: str) -> str:
    """Return an address with SQLAlchemy's name of the PostgreSQL driver."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme in ("postgres", "postgresql"):
        return f"postgresql+psycopg://{rest}"
    return url


def _user_folder(environment: Mapping[str, str]) -> Path:
    """Return the data folder of the user on this system."""
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or Path.cwd())
    if sys.platform == "win32":
        base = environment.get("LOCALAPPDATA")
        return (Path(base) if base else home / "AppData" / "Local") / "digits"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "digits"
    base = environment.get("XDG_DATA_HOME")
    return (Path(base) if base else home / ".local" / "share") / "digits"
