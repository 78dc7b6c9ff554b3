"""What the YAML parser says, in plain words and without the text it read."""

import yaml


_TEXTS = (
    ("found undefined alias", "`*` begins an alias: put the value into quotes"),
    (
        "could not determine a constructor",
        "`!` begins a tag: put the value into quotes",
    ),
    ("found another document", "there is a second document (`---`): only one may be"),
    (
        "mapping values are not allowed",
        "a `:` is not expected here: look at quotes and indentation",
    ),
    (
        "cannot start any token",
        "a tab or special character stands where a value begins: use spaces, or quotes",
    ),
    ("unexpected end of stream", "a quote is opened and not closed"),
    ("did not find expected ','", "a bracket is opened and not closed"),
    ("did not find expected key", "a key is expected here: look at the indentation"),
    ("could not find expected ':'", "a `:` is missing here"),
    ("expected '-' indicator", "a list item beginning with `- ` is expected here"),
    (
        "control characters are not allowed",
        "has a control character, so it is no text file",
    ),
    ("contains itself", "an alias contains itself"),
    ("no such date", "there is no such date or number"),
    ("too large", "there are too many values"),
)


def sentence(error: yaml.YAMLError) -> str:
    """
    Return what is wrong, in our words.

    The parser's own message can repeat a part of the file, such as a password
    that begins with `!`, so no part of it is passed on.
    """
    problem = str(getattr(error, "problem", "") or getattr(error, "reason", ""))
    for known, text in _TEXTS:
        if known in problem:
            return f"this is not YAML: {text}"
    return "this is not YAML: the syntax is wrong here"
