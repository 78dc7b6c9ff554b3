"""A sentence of ours as an error of pydantic's, so that it keeps its place."""

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError


PLAIN = "plain"
"""The error type whose message is a sentence for the user, as it is."""


def fault(sentence: str) -> PydanticCustomError:
    """Return an error for the value that is being validated."""
    return PydanticCustomError(PLAIN, "{sentence}", {"sentence": sentence})


def fault_at(loc: tuple[str | int, ...], sentence: str) -> ValidationError:
    """
    Return an error for a key inside the value that is being validated.

    Raised from a validator, it is taken apart and the outer keys come in front.
    """
    details = InitErrorDetails(type=fault(sentence), loc=loc, input=None)
    return ValidationError.from_exception_data("value", [details])
