"""The endpoints of the HTTP API."""

import asyncio
import hmac
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Security
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import Field
from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route

from digits import __version__
from digits.api.docs_page import to_page
from digits.api.form_service import read_uploads
from digits.api.limits import BodyLimit, ConcurrencyLimiter, Limits, ReadingCache
from digits.api.problems import MEDIA_TYPE, Problem, answer_problems, reject
from digits.api.schema import (
    EXAMPLE,
    BriefReading,
    CorrectionAnswer,
    CorrectionRequest,
    FormReadings,
    FullReading,
    Health,
    Models,
    ProblemAnswer,
    Readings,
    Ready,
)
from digits.api.service import Dependencies, ReadingService, receive_files, receive_parts
from digits.api.shared_reader import SharedReader
from digits.api.telemetry import Metrics, RequestLog, start_logging
from digits.io.heap import share_heaps
from digits.io.places import BOX_PATTERN, PAPER_PATTERN, parse_box, parse_paper
from digits.origin_guard import API_POLICY, OriginGuard, SecurityHeaders, Site, own_site
from digits.registry import DEFAULT, available_models, current_corrections, current_reader
from digits.settings import load_settings
from digits.types import CONFIDENCE_THRESHOLD, MAX_LENGTH, Hint, Picture, Reading

TOKEN = "DIGITS_API_TOKEN"  # noqa: S105  # name of a variable, not a token
BRIEF = [field.alias or name for name, field in BriefReading.model_fields.items()]
PICTURE = {"type": "string", "format": "binary"}
PICTURES = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "array", "items": PICTURE, "minItems": 1}},
                }
            },
            **{
                kind: {"schema": PICTURE} for kind in ("image/jpeg", "image/png", "application/pdf")
            },
        },
    }
}
FORM_PAGES = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["form", "file"],
                    "properties": {
                        "form": {**PICTURE, "description": "JSON file of digits form new"},
                        "file": {"type": "array", "items": PICTURE, "minItems": 1},
                    },
                }
            }
        },
    }
}
SENTENCES = {
    400: "not a picture, or not of the announced type",
    401: "no token or a wrong one",
    403: "sent by a page of another site",
    404: "no such reading",
    408: "the upload was too slow",
    413: "too large, or too many pages",
    422: "a parameter is invalid",
    503: "overloaded, or a model, library or database is missing",
}

bearer = HTTPBearer(auto_error=False, description=f"required where {TOKEN} is set")


def create_server(site: Site | None = None) -> Starlette:
    """Return a server with the API only: ``uvicorn --factory digits.api:create_server``."""
    share_heaps()
    site = site or Site(origins=load_settings().public_urls)
    manual = Route("/", lambda _: RedirectResponse("/api/docs"))
    return Starlette(routes=[manual, Mount("/api", create_api(site=site))])


def create_local_server() -> Starlette:
    """Return a server that accepts only the names of this computer."""
    return create_server(own_site(load_settings().public_urls))


def create_api(
    dependencies: Dependencies | None = None,
    *,
    limits: Limits | None = None,
    token: str | None = None,
    site: Site | None = None,
) -> FastAPI:
    """Return the application to mount under ``/api``.

    Models are loaded on the first request. The lifespan is not used, because a server does not call
    it for a mounted application.

    Parameters
    ----------
    dependencies : the reader and the store; those of this installation by default
    limits : limits on requests
    token : bearer token that callers must send, "" for none; DIGITS_API_TOKEN by default
    site : accepted host names and origins; by default any host and no other origin
    """
    limits = limits or Limits()
    metrics = Metrics()
    api = FastAPI(
        title="digits",
        version=__version__,
        summary="Reads handwritten digits from photographs, with calibrated confidence.",
        docs_url=None,  # FastAPI's own pages load scripts from a CDN
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    limiter, threads = ConcurrencyLimiter(limits), ThreadPoolExecutor(limits.workers, "digits-api")
    api.state.service = ReadingService(
        dependencies or default_dependencies(),
        limits,
        limiter,
        ReadingCache(limits.cache_bytes),
        metrics,
        threads,
        SharedReader(threads, limits.workers, lambda: limiter.busy),
    )
    metrics.busy.set_function(lambda: api.state.service.limiter.busy)
    api.state.token = os.environ.get(TOKEN, "") if token is None else token
    api.include_router(guarded)
    api.include_router(open_to_all)
    api.add_middleware(BodyLimit, limit=limits.body)
    api.add_middleware(OriginGuard, site=site or Site(), reject=reject)
    api.add_middleware(RequestLog, metrics=metrics)
    api.add_middleware(SecurityHeaders, policy=API_POLICY)
    answer_problems(api)
    api.openapi = _described(api)  # type: ignore[method-assign]
    start_logging()
    return api


async def _authorised(
    request: Request,
    given: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
) -> None:
    wanted = request.app.state.token
    sent = given.credentials if given else ""
    if wanted and not hmac.compare_digest(sent.encode(), wanted.encode()):
        raise Problem(
            401,
            f"send the bearer token that the server expects ({TOKEN})",
            {"WWW-Authenticate": "Bearer"},
        )


def _service(request: Request) -> ReadingService:
    service: ReadingService = request.app.state.service
    return service


async def _limited_service(request: Request) -> AsyncIterator[ReadingService]:
    """Hold a slot until the response is ready."""
    service = _service(request)
    with service.limiter.slot():
        yield service


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {
        status: {"model": ProblemAnswer, "description": SENTENCES[status]} for status in statuses
    }


LimitedService = Annotated[ReadingService, Depends(_limited_service, scope="function")]
Service = Annotated[ReadingService, Depends(_service)]
ModelParameter = Annotated[str | None, Query(description="name of a model, see /models")]
AcceptParameter = Annotated[
    float,
    Query(ge=0, le=1, description="confidence threshold below which an answer is doubtful"),
]

open_to_all = APIRouter(tags=["operation"])
guarded = APIRouter(dependencies=[Depends(_authorised)], responses=_problems(401))


@guarded.post(
    "/readings",
    response_model=FullReading | BriefReading | Readings,
    responses=_problems(400, 403, 408, 413, 422, 503),
    openapi_extra=PICTURES,
    tags=["reading"],
)
async def read(
    request: Request,
    service: LimitedService,
    single: Annotated[bool, Query(description="each picture shows one digit")] = False,
    length: Annotated[
        int | None,
        Query(ge=1, le=MAX_LENGTH, description="number of digits in the picture's only number"),
    ] = None,
    model: ModelParameter = None,
    accept: AcceptParameter = CONFIDENCE_THRESHOLD,
    detail: Annotated[
        Literal["brief", "full"], Query(description="brief: without lines and digits")
    ] = "full",
    boxes: Annotated[
        list[Annotated[str, Field(json_schema_extra={"pattern": f"^ *{BOX_PATTERN} *$"})]] | None,
        Query(description="x,y,width,height in px of a region to read; may be repeated"),
    ] = None,
    paper: Annotated[
        Annotated[str, Field(json_schema_extra={"pattern": f"^ *{PAPER_PATTERN} *$"})] | None,
        Query(
            description="x1,y1,x2,y2,x3,y3,x4,y4 in px: the page's corners, from top left to top "
            "right, bottom right and bottom left"
        ),
    ] = None,
    whole_picture: Annotated[
        bool, Query(description="the page fills the picture: do not look for its edges")
    ] = False,
) -> Response:
    """Read pictures.

    Send the picture as the body or in the form field `file`. One picture gives one reading;
    several files, or a PDF, give `{"readings": [...]}` in the order they were sent. A reading that
    failed has the reason in `error`.
    """
    hint = Hint(
        single=single,
        length=length,
        accept=accept,
        boxes=tuple(parse_box(box, "boxes") for box in boxes or ()),
        paper=None if paper is None else parse_paper(paper, "paper"),
        whole_picture=whole_picture,
    )
    async with receive_files(request, service.limits) as files:
        return await service.read(files, hint, model, lambda found: _to_answer(found, detail))


@guarded.post(
    "/forms/readings",
    response_model=FormReadings,
    responses=_problems(400, 403, 408, 413, 422, 503),
    openapi_extra=FORM_PAGES,
    tags=["reading"],
)
async def read_forms(
    request: Request,
    service: LimitedService,
    model: ModelParameter = None,
    accept: AcceptParameter = CONFIDENCE_THRESHOLD,
) -> Response:
    """Read filled pages of a form.

    Send the form's JSON file in the form field `form` and the pages in `file`: pictures or PDFs.
    Each page gives a reading, in the order they were sent. A page that is not this form has the
    status `refused` and says why in `error`.
    """
    async with receive_parts(request, service.limits) as parts:
        return await service.run(
            lambda: JSONResponse(
                {
                    "readings": [
                        reading.to_json()
                        for reading in read_uploads(service, parts, accept=accept, model=model)
                    ]
                }
            )
        )


@guarded.post(
    "/corrections",
    response_model=CorrectionAnswer,
    responses=_problems(400, 403, 404, 408, 413, 422, 503),
    tags=["reading"],
)
async def correct(service: LimitedService, correction: CorrectionRequest) -> CorrectionAnswer:
    """Correct a line, or one digit of it.

    Only recent readings can be corrected. Sending a correction again changes nothing.
    """
    new = await service.run(
        lambda: service.correct(
            correction.reading, correction.truth, correction.line, correction.digit
        )
    )
    return CorrectionAnswer(reading=correction.reading, new=new)


@guarded.get("/models", response_model=Models, tags=["reading"])
async def models(service: Service) -> Models:
    """List the available models."""
    cards = await asyncio.to_thread(service.dependencies.models)
    choices = [
        {
            "name": card.name,
            "title": card.title,
            "accuracy": card.accuracy,
            "default": card.name == DEFAULT,
        }
        for card in cards
    ]
    return Models.model_validate({"models": choices})


@guarded.get("/metrics", response_class=Response, tags=["operation"])
async def metrics(service: Service) -> Response:
    """Return the metrics for Prometheus."""
    return Response(generate_latest(service.metrics.registry), media_type=CONTENT_TYPE_LATEST)


@open_to_all.get("/health", response_model=Health)
async def health() -> Health:
    """Report that the process is alive."""
    return Health(version=__version__)


@open_to_all.get("/ready", response_model=Ready, responses=_problems(503))
async def ready(service: Service) -> Ready:
    """Report whether the model is loaded and the corrections are available."""
    # In separate threads, so that this is answered while pictures wait to be read.
    reader = await asyncio.to_thread(service.dependencies.reader, None)
    stored = await asyncio.to_thread(service.dependencies.count_corrections)
    name = reader.classifier.name
    return Ready.model_validate(
        {"model": {"name": name.name, "sha256": name.sha256}, "corrections": stored}
    )


@open_to_all.get("/docs", include_in_schema=False)
async def manual(request: Request) -> HTMLResponse:
    """Show the documentation as a page without external resources."""
    return HTMLResponse(to_page(request.app.openapi()))


def default_dependencies() -> Dependencies:
    """Return the reader and the corrections of this installation."""

    def correct(
        picture: Picture, reading: Reading, truth: str, line: int, digit: int | None
    ) -> int:
        from digits.corrections.from_reading import (
            to_corrections,  # imports the database's libraries
        )

        corrections = to_corrections(
            picture, reading, truth, line=line, digit=digit, source="api", act="sent"
        )
        return current_corrections().add(corrections)

    return Dependencies(
        current_reader, available_models, correct, lambda: current_corrections().count()
    )


def _to_answer(found: Reading | list[Reading], detail: Literal["brief", "full"]) -> JSONResponse:
    """Return readings as a JSON response."""

    def plain(reading: Reading) -> dict[str, Any]:
        full = reading.to_json()
        return full if detail == "full" else {name: full[name] for name in BRIEF}

    if isinstance(found, Reading):
        return JSONResponse(plain(found))
    return JSONResponse({"readings": [plain(reading) for reading in found]})


def _described(api: FastAPI) -> Callable[[], dict[str, Any]]:
    """Return the OpenAPI generator, with the available models and the media type of problems."""
    describe = api.openapi

    def described() -> dict[str, Any]:
        schema = describe()
        schema["components"]["schemas"]["BriefReading"]["examples"] = [EXAMPLE]
        names = [card.name for card in api.state.service.dependencies.models()]
        for operation in (each for path in schema["paths"].values() for each in path.values()):
            if not api.state.token:
                operation.pop("security", None)
                operation["responses"].pop("401", None)
            operation["responses"]["200"]["description"] = "success"
            for parameter in operation.get("parameters", []):
                if parameter["name"] == "model":
                    parameter["schema"] = {"type": "string", "enum": names}
            for status, response in operation["responses"].items():
                content = response.get("content", {})
                if status[0] in "45" and "application/json" in content:
                    content[MEDIA_TYPE] = content.pop("application/json")
        return schema

    return described
