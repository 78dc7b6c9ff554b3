"""The routes of an inference surface: like vLLM behind a gateway."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tm_exporter.simulator import tokenizer
from tm_exporter.simulator.asked import (
    Asked,
    Body,
    Models,
    asked_of_chat,
    asked_of_completions,
    asked_of_responses,
    parsed,
)
from tm_exporter.simulator.chat_form import ChatForm
from tm_exporter.simulator.completions_form import CompletionsForm
from tm_exporter.simulator.event_stream import EventStream, Json
from tm_exporter.simulator.gate import record_of
from tm_exporter.simulator.generation import generate
from tm_exporter.simulator.messages import LONGER_TEMPLATE
from tm_exporter.simulator.pace import Pace
from tm_exporter.simulator.refusal import Refusal, inference_error
from tm_exporter.simulator.responses_form import ResponsesForm
from tm_exporter.simulator.run import Form, Run, events, in_one_piece
from tm_exporter.simulator.surfaces import Surface
from tm_exporter.simulator.switches import Switches
from tm_exporter.simulator.token_routes import detokenized, tokenized
from tm_exporter.simulator.world import World


class Inference:
    """One inference surface."""

    def __init__(self, surface: Surface, world: World) -> None:
        self._surface = surface
        self._world = world

    def app(self) -> ASGIApp:
        """Return its routes as an application."""
        app = Starlette(
            routes=[
                Route("/health", self._health),
                Route("/version", self._version),
                Route("/v1/models", self._models),
                self._post("/v1/chat/completions", asked_of_chat, ChatForm),
                self._post("/v1/completions", asked_of_completions, CompletionsForm),
                self._post("/v1/responses", asked_of_responses, ResponsesForm),
                Route("/tokenize", self._tokenize, methods=["POST"]),
                Route("/detokenize", self._detokenize, methods=["POST"]),
            ],
            exception_handlers={Refusal: _refused, HTTPException: _unrouted},
        )
        app.router.redirect_slashes = False
        return app

    async def _health(self, request: Request) -> Response:
        self._check_get(request)
        return Response()

    async def _version(self, request: Request) -> Response:
        self._check_get(request)
        return Json({"version": self._switches.version})

    async def _models(self, request: Request) -> Response:
        self._check_get(request)
        created = int(self._world.now())
        data: list[dict[str, Any]] = [
            {
                "id": model.name,
                "object": "model",
                "created": created,
                "owned_by": model.owner,
                "root": model.name,
                "parent": None,
                "max_model_len": model.max_model_len,
                "permission": [],
            }
            for model in self._served.values()
        ]
        return Json({"object": "list", "data": data})

    async def _tokenize(self, request: Request) -> Response:
        self._check_key(request)
        body = parsed(await request.body())
        return Json(tokenized(body, self._served, self._switches))

    async def _detokenize(self, request: Request) -> Response:
        self._check_key(request)
        body = parsed(await request.body())
        return Json(detokenized(body, self._served, self._switches))

    def _post(
        self,
        path: str,
        read: Callable[[Body, Models], Asked],
        form: Callable[[Run], Form],
    ) -> Route:
        async def endpoint(request: Request) -> Response:
            self._check_key(request)
            self._check_balance()
            asked = read(parsed(await request.body()), self._served)
            if form is not CompletionsForm and self._switches.template == "longer":
                asked = _in_longer_template(asked)
            run = self._run(request, asked)
            if asked.stream:
                return EventStream(events(run, form(run)))
            return Json(await in_one_piece(run, form(run)))

        return Route(path, endpoint, methods=["POST"])

    def _run(self, request: Request, asked: Asked) -> Run:
        record, switches, name = record_of(request), self._switches, asked.model.name
        cached = 0
        if switches.cache:
            cache = self._world.caches[self._surface]
            cached = cache.admit(name, asked.prompt, switches.cache_seconds)
        waited = self._world.clock() - record.started
        first = switches.first_token_seconds * switches.slowdown
        pace = Pace(
            start=asyncio.get_running_loop().time() - waited,
            first=first * (1 - cached / len(asked.prompt)),
            gap=switches.gap_seconds * switches.slowdown,
        )
        return Run(
            id=record.request_id,
            created=int(record.started_at),
            asked=asked,
            generation=generate(asked, switches.output),
            cached=cached,
            pace=pace,
            switches=switches,
            bill=lambda output: self._bill(asked, output, cached),
        )

    def _bill(self, asked: Asked, output: int, cached: int) -> None:
        self._world.account.charge(
            asked.model,
            prompt=len(asked.prompt),
            output=output,
            cached=cached,
            factor=self._world.price_factor,
        )

    @property
    def _switches(self) -> Switches:
        return self._world.panel.switches[self._surface]

    @property
    def _served(self) -> Models:
        return self._world.models(self._surface)

    def _check_get(self, request: Request) -> None:
        """Serverless answers its GET routes to anybody, whatever key is sent."""
        if self._surface == "on_demand":
            self._check_key(request)

    def _check_key(self, request: Request) -> None:
        shown = request.headers.get("authorization", "").encode()
        wanted = f"Bearer {self._world.credentials.api_key}".encode()
        known = secrets.compare_digest(shown, wanted)
        if not known or self._switches.refuse_credentials:
            raise inference_error(401, "Unauthorized", "AuthenticationError")
        if self._surface == "on_demand":
            self._check_user(request)

    def _check_user(self, request: Request) -> None:
        if request.headers.get("x-user-id") != self._world.credentials.user_id:
            message = "No route for this user and model."
            raise inference_error(404, message, "NotFoundError")

    def _check_balance(self) -> None:
        if self._switches.balance_used_up or self._world.account.balance <= 0:
            message = "The balance is used up. Add credit to go on."
            raise inference_error(402, message, "insufficient_balance")


def _in_longer_template(asked: Asked) -> Asked:
    added = tokenizer.encode(LONGER_TEMPLATE)
    return replace(asked, prompt=(*added, *asked.prompt))


async def _refused(_: Request, error: Exception) -> Response:
    refusal = cast("Refusal", error)
    return Json(refusal.content, status_code=refusal.status)


async def _unrouted(_: Request, error: Exception) -> Response:
    """Answer as FastAPI does where there is no such route or method."""
    found = cast("HTTPException", error)
    content = {"detail": found.detail}
    return Json(
        content, status_code=found.status_code, headers=dict(found.headers or {})
    )
