"""Errors as RFC 9457 has them: ``application/problem+json``, each with a sentence for people."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from digits.errors import (
    DigitsError,
    FormError,
    HintError,
    ModelError,
    PictureError,
    TooLargeError,
    UnknownModelError,
)
from digits.render.messages import describe_fault

MEDIA_TYPE = "application/problem+json"
STATUS: tuple[tuple[type[DigitsError], int], ...] = (
    (TooLargeError, 413),
    (PictureError, 400),
    (HintError, 422),
    (FormError, 422),
    (UnknownModelError, 422),
    (ModelError, 503),
)  # the first that fits


class Problem(HTTPException):
    """An HTTP error with a sentence that explains it."""

    def __init__(
        self, status: int, sentence: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, sentence, dict(headers) if headers else None)


def problem(
    request_id: str, status: int, sentence: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return a problem response (RFC 9457)."""
    content = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": f"{sentence[:1].upper()}{sentence[1:].rstrip('.')}.",
        "request_id": request_id,
    }
    return JSONResponse(content, status, headers, media_type=MEDIA_TYPE)


async def reject(scope: Scope, receive: Receive, send: Send, status: int, sentence: str) -> None:
    """Answer a request that middleware rejects, in the same format."""
    await problem(scope["state"]["id"], status, sentence)(scope, receive, send)


def answer_problems(api: FastAPI) -> None:
    """Register handlers that answer all errors as problems."""
    api.add_exception_handler(HTTPException, _http_error)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(DigitsError, _digits)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    http = cast(HTTPException, error)
    return problem(request.state.id, http.status_code, http.detail, http.headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    faults = [
        f"{_name(fault)} {describe_fault(fault)}"
        for fault in cast(RequestValidationError, error).errors()
    ]
    return problem(request.state.id, 422, f"the request is wrong: {'; '.join(faults)}")


def _name(fault: Mapping[str, Any]) -> str:
    """Return the name of the parameter or field at fault, or "body"."""
    where, *inside = fault["loc"]
    if not inside or fault["type"] == "json_invalid":  # else followed by a place in the text
        return str(where)
    return ".".join(map(str, inside))


async def _digits(request: Request, error: Exception) -> JSONResponse:
    # The rest is not the caller's fault: a library or the database is missing.
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 503)
    return problem(request.state.id, status, str(error))
