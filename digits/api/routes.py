"""The endpoints: what comes in is checked, and what the desk says goes out as JSON."""

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
from digits.api.limits import BodyLimit, Gate, Limits, Recent
from digits.api.problems import MEDIA_TYPE, Problem, answer_problems, refuse
from digits.api.schema import (
    EXAMPLE,
    BriefReading,
    CorrectionAnswer,
    CorrectionRequest,
    FullReading,
    Health,
    Models,
    ProblemAnswer,
    Readings,
    Ready,
)
from digits.api.service import Desk, Doors, arriving
from digits.api.telemetry import Metrics, Watch, start_logging
from digits.io.places import BOX_PATTERN, PAPER_PATTERN, parse_box, parse_paper
from digits.origin_guard import API_POLICY, OriginGuard, SecurityHeaders, Site, own_site
from digits.registry import DEFAULT, available_models, current_corrections, current_reader
from digits.settings import load_settings
from digits.types import CONFIDENCE_THRESHOLD, MAX_LENGTH, Hint, Picture, Reading

TOKEN = "DIGITS_API_TOKEN"  # noqa: S105  # the variable's name: where it is set, callers must know it
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
SENTENCES = {
    400: "not a picture, or not what was announced",
    401: "no token, or the wrong one",
    403: "sent by a page of another site",
    404: "no such reading",
    408: "too slow",
    413: "too large, or too many pages",
    422: "a parameter is wrong",
    503: "too much to do, or something is missing",
}

bearer = HTTPBearer(auto_error=False, description=f"needed where {TOKEN} is set")


def create_server(site: Site | None = None) -> Starlette:
    """Return the API alone, for uvicorn: ``uvicorn --factory digits.api:create_server``."""
    site = site or Site(origins=load_settings().public_urls)
    manual = Route("/", lambda _: RedirectResponse("/api/docs"))
    return Starlette(routes=[manual, Mount("/api", create_api(site=site))])


def create_local_server() -> Starlette:
    """Return the API alone where only this computer can reach it: under its own names only."""
    return create_server(own_site(load_settings().public_urls))


def create_api(
    doors: Doors | None = None,
    *,
    limits: Limits | None = None,
    token: str | None = None,
    site: Site | None = None,
) -> FastAPI:
    """Return the application that belongs under ``/api``.

    Nothing is loaded before the first request, and nothing hangs on the lifespan: a server does
    not call that of an application which is mounted in another.

    Parameters
    ----------
    doors : what reads and stores; this installation's own unless told
    limits : what one caller may take from all others
    token : what callers must send; the environment's DIGITS_API_TOKEN unless told, empty for none
    site : host names and foreign pages that are accepted; any name and no foreign page if not given
    """
    limits = limits or Limits()
    metrics = Metrics()
    api = FastAPI(
        title="digits",
        version=__version__,
        summary="Reads handwritten digits from photographs, and says how sure it is.",
        docs_url=None,  # FastAPI's own pages fetch their scripts from outside
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    api.state.desk = Desk(
        doors or own_doors(),
        limits,
        Gate(limits),
        Recent(limits.remembered),
        metrics,
        ThreadPoolExecutor(limits.workers, "digits-api"),
    )
    metrics.busy.set_function(lambda: api.state.desk.gate.busy)
    api.state.token = os.environ.get(TOKEN, "") if token is None else token
    api.include_router(guarded)
    api.include_router(open_to_all)
    api.add_middleware(BodyLimit, limit=limits.body)
    api.add_middleware(OriginGuard, site=site or Site(), refuse=refuse)
    api.add_middleware(Watch, metrics=metrics)
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
        raise Problem(401, f"send the token that {TOKEN} names", {"WWW-Authenticate": "Bearer"})


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


async def _placed(request: Request) -> AsyncIterator[Desk]:
    """Hold one of the places until the answer is ready."""
    desk = _desk(request)
    with desk.gate.place():
        yield desk


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {
        status: {"model": ProblemAnswer, "description": SENTENCES[status]} for status in statuses
    }


Placed = Annotated[Desk, Depends(_placed, scope="function")]
AnyDesk = Annotated[Desk, Depends(_desk)]

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
    desk: Placed,
    single: Annotated[bool, Query(description="each picture holds one digit")] = False,
    length: Annotated[
        int | None, Query(ge=1, le=MAX_LENGTH, description="one line of so many digits")
    ] = None,
    model: Annotated[str | None, Query(description="a name of /models")] = None,
    accept: Annotated[
        float, Query(ge=0, le=1, description="below this confidence a reading is doubtful")
    ] = CONFIDENCE_THRESHOLD,
    detail: Annotated[
        Literal["brief", "full"], Query(description="brief: without lines and digits")
    ] = "full",
    boxes: Annotated[
        list[Annotated[str, Field(json_schema_extra={"pattern": f"^ *{BOX_PATTERN} *$"})]] | None,
        Query(description="x,y,width,height in px: read only this region; may be repeated"),
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

    The picture is the body itself, or the form's field `file`. One picture gives one reading;
    several files, or a PDF, give `{"readings": [...]}` in the order they came, and one that
    cannot be read says why in its `error`.
    """
    hint = Hint(
        single=single,
        length=length,
        accept=accept,
        boxes=tuple(parse_box(box, "boxes") for box in boxes or ()),
        paper=None if paper is None else parse_paper(paper, "paper"),
        whole_picture=whole_picture,
    )
    async with arriving(request, desk.limits) as files:
        return await desk.work(lambda: _to_answer(desk.read(files, hint, model), detail))


@guarded.post(
    "/corrections",
    response_model=CorrectionAnswer,
    responses=_problems(400, 403, 404, 408, 413, 422, 503),
    tags=["reading"],
)
async def correct(desk: Placed, correction: CorrectionRequest) -> CorrectionAnswer:
    """Say what a line, or one digit of it, should have been.

    Only readings of the last pictures are known. Sending the same again changes nothing.
    """
    new = await desk.work(
        lambda: desk.correct(
            correction.reading, correction.truth, correction.line, correction.digit
        )
    )
    return CorrectionAnswer(reading=correction.reading, new=new)


@guarded.get("/models", response_model=Models, tags=["reading"])
async def models(desk: AnyDesk) -> Models:
    """Say which models can be chosen."""
    cards = await asyncio.to_thread(desk.doors.models)
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
async def metrics(desk: AnyDesk) -> Response:
    """Give the counters to Prometheus."""
    return Response(generate_latest(desk.metrics.registry), media_type=CONTENT_TYPE_LATEST)


@open_to_all.get("/health", response_model=Health)
async def health() -> Health:
    """Say that the process answers."""
    return Health(version=__version__)


@open_to_all.get("/ready", response_model=Ready, responses=_problems(503))
async def ready(desk: AnyDesk) -> Ready:
    """Say whether the model is loaded and the corrections can be reached."""
    # In threads of their own: this must be answered while pictures wait to be read.
    reader = await asyncio.to_thread(desk.doors.reader, None)
    stored = await asyncio.to_thread(desk.doors.count_corrections)
    name = reader.classifier.name
    return Ready.model_validate(
        {"model": {"name": name.name, "sha256": name.sha256}, "corrections": stored}
    )


@open_to_all.get("/docs", include_in_schema=False)
async def manual(request: Request) -> HTMLResponse:
    """Show what can be asked, as a page that needs no outside host."""
    return HTMLResponse(to_page(request.app.openapi()))


def own_doors() -> Doors:
    """Return this installation's own reader and corrections."""

    def correct(
        picture: Picture, reading: Reading, truth: str, line: int, digit: int | None
    ) -> int:
        from digits.corrections.from_reading import to_corrections  # needs the database's libraries

        told = to_corrections(
            picture, reading, truth, line=line, digit=digit, source="api", act="sent"
        )
        return current_corrections().add(told)

    return Doors(current_reader, available_models, correct, lambda: current_corrections().count())


def _to_answer(found: Reading | list[Reading], detail: Literal["brief", "full"]) -> JSONResponse:
    """Return the readings as the body of an answer."""

    def plain(reading: Reading) -> dict[str, Any]:
        full = reading.to_json()
        return full if detail == "full" else {name: full[name] for name in BRIEF}

    if isinstance(found, Reading):
        return JSONResponse(plain(found))
    return JSONResponse({"readings": [plain(reading) for reading in found]})


def _described(api: FastAPI) -> Callable[[], dict[str, Any]]:
    """Return what describes `api`: with the models there are, and its problems as such."""
    describe = api.openapi

    def described() -> dict[str, Any]:
        schema = describe()
        schema["components"]["schemas"]["BriefReading"]["examples"] = [EXAMPLE]
        names = [card.name for card in api.state.desk.doors.models()]
        for operation in (each for path in schema["paths"].values() for each in path.values()):
            if not api.state.token:
                operation.pop("security", None)
                operation["responses"].pop("401", None)
            operation["responses"]["200"]["description"] = "done"
            for parameter in operation.get("parameters", []):
                if parameter["name"] == "model":
                    parameter["schema"] = {"type": "string", "enum": names}
            for status, response in operation["responses"].items():
                content = response.get("content", {})
                if status[0] in "45" and "application/json" in content:
                    content[MEDIA_TYPE] = content.pop("application/json")
        return schema

    return described
