"""Reports and production results over HTTP: FHIR in, an OperationOutcome or a count out."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

MAX_BYTES = 8 << 20
FHIR = "application/fhir+json"
Take = Callable[[bytes], tuple[int, Mapping[str, Any]]]
"""From a body to an HTTP status and the document that goes back."""


def report_routes(reports: Take, results: Take) -> APIRouter:
    """`POST /fhir/DiagnosticReport`, `/fhir` (a Bundle of reports) and `/fhir/Observation` (production results)."""
    router = APIRouter()

    @router.post("/fhir")
    @router.post("/fhir/DiagnosticReport")
    async def take_reports(request: Request) -> Response:
        """A DiagnosticReport, or a Bundle of them."""
        return await _answered(request, reports)

    @router.post("/fhir/Observation")
    async def take_results(request: Request) -> Response:
        """An Observation of the production AI, or a Bundle of them."""
        return await _answered(request, results)

    return router


async def _answered(request: Request, take: Take) -> Response:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BYTES:
            return JSONResponse(outcome("too-long", "body", f"at most {MAX_BYTES} bytes"), 413, media_type=FHIR)
    status, document = await run_in_threadpool(take, bytes(body))
    return JSONResponse(document, status, media_type=FHIR)


def outcome(code: str, path: str, accepted: str) -> dict[str, Any]:
    """An OperationOutcome of one error; it quotes nothing of what was sent."""
    issue = {"severity": "error", "code": code, "diagnostics": f"accepted: {accepted}", "expression": [path]}
    return {"resourceType": "OperationOutcome", "issue": [issue]}
