"""The sandbox's own small interface: status, trace, console, clock, keys, stop. Token required."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from irsa_sandbox.clock import Clock
from irsa_sandbox.issuer import SigningKeys
from irsa_sandbox.process import console
from irsa_sandbox.process.calls_seen import calls_seen
from irsa_sandbox.process.tokens_seen import tokens_seen
from irsa_sandbox.trace import Trace


@dataclass(frozen=True)
class ControlSettings:
    """What the interface reads and moves; `ask` asks the course, and may take seconds."""

    token: str
    clock: Clock
    trace: Trace
    keys: SigningKeys
    status: Callable[[], dict[str, Any]]
    ask: Callable[[dict[str, Any]], dict[str, Any]]
    stop: Callable[[], None]


def create_app(settings: ControlSettings) -> Starlette:
    """The interface as a web application; each answer is JSON."""

    async def status(request: Request) -> Response:
        return JSONResponse(settings.status())

    async def trace(request: Request) -> Response:
        since = int(request.query_params.get("since", "0"))
        # Thousands of hops are a tenth of a second's work, which nobody else is to wait for.
        return await asyncio.to_thread(lambda: JSONResponse(settings.trace.since(since)))

    async def stream(request: Request) -> Response:
        since = int(request.query_params.get("since", "0"))
        events = (f"data: {json.dumps(hop)}\n\n" async for hop in settings.trace.follow(since))
        return StreamingResponse(events, media_type="text/event-stream")

    async def tokens(request: Request) -> Response:
        return await asyncio.to_thread(lambda: JSONResponse(tokens_seen(settings.trace.since())))

    async def permissions(request: Request) -> Response:
        asked = await _object(request)
        role, text = str(asked.get("role", "")), asked.get("policy")
        policy = None if text is None else str(text)
        judged = await asyncio.to_thread(calls_seen, settings.trace.since(), role, policy)
        return JSONResponse(judged)

    async def trust(request: Request) -> Response:
        asked = await _object(request)
        return JSONResponse(await asyncio.to_thread(settings.ask, {**asked, "view": "trust"}))

    async def course(request: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(settings.ask, {"view": "map"}))

    async def page(request: Request) -> Response:
        return HTMLResponse(console.page(), headers=console.HEADERS)

    async def clock(request: Request) -> Response:
        asked = settings.clock.of(request.query_params.get("namespace", ""))
        return JSONResponse({"now": asked.now().isoformat()})

    async def advance(request: Request) -> Response:
        try:
            asked = await request.json()
            clock = settings.clock.of(str(asked.get("namespace", "")))
            clock.advance(asked["advance_seconds"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise HTTPException(400, f"advance_seconds: {error}") from error
        return JSONResponse({"now": clock.now().isoformat()})

    async def rotate(request: Request) -> Response:
        settings.keys.rotate()
        return JSONResponse(settings.keys.jwks())

    async def retire(request: Request) -> Response:
        settings.keys.retire_old()
        return JSONResponse(settings.keys.jwks())

    async def stop(request: Request) -> Response:
        settings.stop()
        return JSONResponse({"stopping": True})

    handlers = {
        ("/status", "GET"): status,
        ("/trace", "GET"): trace,
        ("/trace/stream", "GET"): stream,
        ("/tokens", "GET"): tokens,
        ("/permissions", "POST"): permissions,
        ("/trust", "POST"): trust,
        ("/map", "GET"): course,
        ("/console", "GET"): page,
        ("/clock", "GET"): clock,
        ("/clock", "POST"): advance,
        ("/keys/rotate", "POST"): rotate,
        ("/keys/retire", "POST"): retire,
        ("/stop", "POST"): stop,
    }
    return Starlette(
        routes=[
            Route(path, _demanding(settings.token, handler), methods=[method])
            for (path, method), handler in handlers.items()
        ]
    )


async def _object(request: Request) -> dict[str, Any]:
    """The JSON object that a request brings. Raises HTTPException."""
    try:
        members = await request.json()
    except ValueError as error:
        raise HTTPException(400, f"the body is no JSON: {error}") from error
    if not isinstance(members, dict):
        raise HTTPException(400, "the body is no JSON object")
    return members


def _demanding(token: str, handler: Any) -> Any:
    """The handler, behind the bearer token."""

    async def guarded(request: Request) -> Response:
        given = request.headers.get("authorization", "")
        if request.url.path == "/console":  # a browser opens it, by its address alone
            given = f"Bearer {request.query_params.get('token', '')}"
        if not secrets.compare_digest(given.encode(), f"Bearer {token}".encode()):
            raise HTTPException(401, "this interface wants the token of state.json")
        response: Response = await handler(request)
        return response

    return guarded
