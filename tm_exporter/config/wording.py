"""What pydantic found wrong, in plain words and without any input."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches

from pydantic_core import ErrorDetails

from tm_exporter.config.fault import PLAIN


def listed(words: list[str]) -> str:
    """Return words as a person would list them: `a`, `b` or `c`."""
    quoted = [f"`{word}`" for word in words]
    return " or ".join(part for part in (", ".join(quoted[:-1]), quoted[-1]) if part)


def nearest(word: object, words: list[str]) -> str:
    """Return a question for the word that was meant, empty if none is near."""
    near = get_close_matches(str(word), words, n=1)
    return f"; did you mean `{near[0]}`?" if near else ""


def unknown_key(key: str, keys: list[str]) -> str:
    """Return a sentence about a key that does not exist, with what does."""
    hint = nearest(key, keys)
    return f"no such key{hint}" if hint else f"no such key: there are {', '.join(keys)}"


def _literal(error: ErrorDetails) -> str:
    words = str(error["ctx"]["expected"]).replace("'", "").replace(" or ", ", ")
    options = words.split(", ")
    return f"must be {listed(options)}{nearest(error['input'], options)}"


def _missing(error: ErrorDetails) -> str:
    example = _EXAMPLES.get(str(error["loc"][-1]))
    return f"must be given, such as {example}" if example else "must be given"


def _bound(text: str, key: str) -> Callable[[ErrorDetails], str]:
    return lambda error: f"{text} {error['ctx'][key]}"


_EXAMPLES = {
    "surface": "serverless, on_demand or control_plane",
    "objective": "0.95",
    "threshold": "3s",
}
"""What could be given, by the key that was left out."""

_TEXT = "must be text: put it into quotes"
_NUMBER = "must be a number"
_WHOLE = "must be a whole number"
_MAPPING = "must be a mapping of keys and values"
_LIST = "must be a list, such as [a, b]"
_TIME = "must be a time such as 2026-01-31T22:00:00Z"

_SENTENCES: Mapping[str, str | Callable[[ErrorDetails], str]] = {
    "missing": _missing,
    "string_type": _TEXT,
    "path_type": "must be the path of a file, as text",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": "is too large a number",
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "finite_number": "must be a finite number",
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "dict_type": _MAPPING,
    "tuple_type": _LIST,
    "list_type": _LIST,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "timezone_aware": "must have a time zone, such as Z for UTC",
    "literal_error": _literal,
    "greater_than": _bound("must be more than", "gt"),
    "greater_than_equal": _bound("must be at least", "ge"),
    "less_than": _bound("must be less than", "lt"),
    "less_than_equal": _bound("must be at most", "le"),
    "string_too_short": "must not be empty",
    "string_too_long": _bound("must have fewer characters: at most", "max_length"),
    "too_short": "must not be empty",
}


def sentence(error: ErrorDetails) -> str:
    """Return what is wrong, whatever the error; the input never appears in it."""
    kind = error["type"]
    if kind == PLAIN:
        return error["msg"]
    if kind == "value_error":  # from a validator of a section: its own words
        return str(error["ctx"]["error"])
    found = _SENTENCES.get(kind, "has a value that is not allowed here")
    return found if isinstance(found, str) else found(error)
