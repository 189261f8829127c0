"""The STOW-RS routes: who may send, and a request's body handed on as it comes, never gathered here."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Protocol

import anyio
from anyio import CapacityLimiter, from_thread, to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

AT_ONCE = 4
"""Requests that are read at one time; the others wait, and their senders with them."""
STALL_SECONDS = 30.0


class Answer(Protocol):
    """What a sender is told."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def body(self) -> dict[str, Any]:
        """The body, in the DICOM JSON model."""

    @property
    def fault(self) -> str:
        """Why the request was cut short, in ASCII; empty where it was not."""


Intake = Callable[[str, str | None, Iterator[bytes]], Answer]
"""Takes the Content-Type, the study of the address and the body's chunks, on a thread of its own."""
Admitted = Callable[[str | None], str | None]
"""Given the Authorization header: why it is not enough, or None."""


def stow_routes(intake: Intake, admitted: Admitted, on_refused: Callable[..., object]) -> APIRouter:
    """`POST /dicom-web/studies` and `POST /dicom-web/studies/{study}`.

    Args:
        intake: stores a body.
        admitted: who may send.
        on_refused: told `what`: the status of an answer other than 200; never anything that was received.
    """
    router = APIRouter()
    limiter = CapacityLimiter(AT_ONCE)

    async def store(request: Request, study: str | None = None) -> Response:
        """Store the instances of the body; what is listed as stored is durable."""
        fault = admitted(request.headers.get("authorization"))
        if fault is not None:
            on_refused(what="http_401")
            return JSONResponse({"detail": fault}, 401, {"www-authenticate": "Bearer"})
        content_type = request.headers.get("content-type", "")
        try:
            answer = await to_thread.run_sync(intake, content_type, study, _chunks(request.stream()), limiter=limiter)
        except TimeoutError:
            return JSONResponse({"detail": f"nothing came for {STALL_SECONDS:.0f} seconds"}, 408)
        except ClientDisconnect:
            return Response(status_code=400)  # to no one
        if answer.status != 200:
            on_refused(what=f"http_{int(answer.status)}")
        warning = {"warning": f'299 overread "{answer.fault}"'} if answer.fault else {}
        return JSONResponse(answer.body, answer.status, warning, media_type="application/dicom+json")

    for path in ("/dicom-web/studies", "/dicom-web/studies/{study}"):
        router.add_api_route(path, store, methods=["POST"], response_model=None)
    return router


def _chunks(stream: AsyncIterator[bytes]) -> Iterator[bytes]:
    """The request's body, pulled from a worker thread chunk by chunk: a slow disk slows the sender, not the memory."""
    while (chunk := from_thread.run(_next, stream)) is not None:
        yield chunk


async def _next(stream: AsyncIterator[bytes]) -> bytes | None:
    with anyio.fail_after(STALL_SECONDS):
        return await anext(stream, None)
