"""The HTTP application."""

from collections.abc import Callable

from fastapi import APIRouter, FastAPI, Response


def application(ready: Callable[[], str | None], *doors: APIRouter) -> FastAPI:
    """Health and readiness, and the doors that take something in.

    Args:
        ready: why this sidecar is not ready, or None when it is.
        doors: the routes of each.
    """
    app = FastAPI(title="Overread", docs_url=None, redoc_url=None, openapi_url=None)
    for door in doors:
        app.include_router(door)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz(response: Response) -> dict[str, str]:
        """The store answers, at this version's schema."""
        reason = ready()
        if reason is None:
            return {"status": "ready"}
        response.status_code = 503
        return {"status": "not ready", "reason": reason}

    return app
