"""The HTTP API, under ``/api``."""

from digits.api.routes import create_api, create_local_server, create_server

__all__ = ["create_api", "create_local_server", "create_server"]
