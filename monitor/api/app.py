"""The HTTP application."""

from collections.abc import Callable

from fastapi import FastAPI, Response


def application(ready: Callable[[], str | None]) -> FastAPI:
    """Health and readiness.

    Args:
        ready: why this sidecar is not ready, or None when it is.
    """
    app = FastAPI(title="Overread", docs_url=None, redoc_url=None, openapi_url=None)

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
