"""Reading the web configuration file, and all files that it names."""

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tm_exporter.config import wording
from tm_exporter.config.document import Document, read
from tm_exporter.config.layer import Layer
from tm_exporter.config.origin import ConfigurationError, KeyPath, Problem
from tm_exporter.config.precedence import responsible
from tm_exporter.config.secrets import FileSecret
from tm_exporter.config.shape import fields, section_at
from tm_exporter.config.web_file import WebFile
from tm_exporter.config.web_tls import TlsUnusable, server_context


_TLS = "tls_server_config"
_FILES = ("cert_file", "key_file", "client_ca_file")


@dataclass(frozen=True, slots=True)
class Web:
    """
    A web configuration that can be used.

    Attributes:
        file: What it says; paths are relative to the working directory.
        context: For TLS; None where there is to be none.
    """

    file: WebFile
    context: ssl.SSLContext | None


def load_web(path: Path) -> Web:
    """
    Return what a web configuration file asks for.

    Raises:
        ConfigurationError: With everything that is wrong with it, or with the
            files that it names.
    """
    document = read(path)
    if document.value is not None and not isinstance(document.value, dict):
        document.complain("must be a mapping of keys and values", 1)
    layer = Layer(document.value or {}, document.origins)
    if document.problems:
        raise ConfigurationError(tuple(document.problems))
    _anchor(layer.values.get(_TLS), path.parent)
    try:
        file = WebFile.model_validate(layer.values)
    except ValidationError as error:
        problems = [_problem(found, layer) for found in error.errors()]
        raise ConfigurationError(tuple(problems)) from None
    try:
        return Web(file, server_context(file.tls_server_config))
    except TlsUnusable as error:
        raise ConfigurationError((_unusable(error, document, layer),)) from None


def web_warnings(path: Path, web: Web) -> Iterator[str]:
    """Yield a sentence for each thing that is unwise in a web configuration file."""
    tls = web.file.tls_server_config
    if web.file.basic_auth_users and web.context is None:
        yield f"{path}: passwords cross the network readable without TLS"
    if web.file.http_server_config.http2:
        yield f"{path}: `http2: true` has no effect: HTTP/1.1 is what is spoken"
    if tls.client_auth_type == "RequireAndVerifyClientCert" and not tls.has_authority:
        yield (
            f"{path}: without `client_ca_file`, whoever has any public certificate for "
            "clients may come in"
        )
    secret = [tls.key_file] if tls.key_file else []
    if web.file.basic_auth_users or tls.key:
        secret.append(path)
    for each in secret:
        yield from FileSecret(each).warnings()


def _anchor(section: Any, folder: Path) -> None:
    """Let paths begin at the folder of the file that names them."""
    for key in _FILES if isinstance(section, dict) else ():
        if isinstance(section.get(key), str) and section[key].strip():
            section[key] = str(folder / section[key])


def _problem(error: ErrorDetails, layer: Layer) -> Problem:
    path = tuple(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        sentence = wording.unknown_key(path[-1], _keys(path[:-1], layer.values))
    else:
        sentence = wording.sentence(error)
    return Problem(sentence, path, responsible([layer], path))


def _keys(path: KeyPath, values: Mapping[str, Any]) -> list[str]:
    """Return the keys that may be in a section."""
    section = section_at(WebFile, path, values)
    return [] if section is None else list(fields(section))


def _unusable(error: TlsUnusable, document: Document, layer: Layer) -> Problem:
    path = (_TLS, error.key)
    origin = responsible([layer], path)
    return Problem(str(error), path, origin if origin.name else document.at_line(0))
