"""Databases for the tests of corrections."""

from databases import postgres, server, url  # noqa: F401  # fixtures
