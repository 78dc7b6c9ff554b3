"""An answer other than 2xx, decided deep inside a route."""

from typing import Any


class Refusal(Exception):  # noqa: N818 - it is an answer and no error of ours
    """
    Ends the handling of a request; the surface's application answers with it.

    Attributes:
        status: HTTP status.
        content: JSON of the body.
    """

    def __init__(self, status: int, content: dict[str, Any]) -> None:
        super().__init__(status, content)
        self.status = status
        self.content = content


def inference_error(
    status: int, message: str, kind: str, param: str | None = None
) -> Refusal:
    """Return a refusal in the form of vLLM and OpenAI."""
    error = {"message": message, "type": kind, "param": param, "code": status}
    return Refusal(status, {"error": error})


def bad_request(message: str, param: str | None = None) -> Refusal:
    """Return a 400 in the form of vLLM."""
    return inference_error(400, message, "BadRequestError", param)


def unprocessable(member: str, message: str = "Field required") -> Refusal:
    """Return a 422 in the form of FastAPI: a member is missing or of a wrong type."""
    kind = "missing" if message == "Field required" else "type_error"
    return Refusal(
        422, {"detail": [{"type": kind, "loc": ["body", member], "msg": message}]}
    )


def gateway_error(status: int, code: int, message: str) -> Refusal:
    """Return a refusal in the form of grpc-gateway; the code is one of gRPC."""
    return Refusal(status, {"code": code, "message": message, "details": []})
