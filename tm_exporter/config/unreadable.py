"""Files of secrets and certificates that cannot be used now."""

import os
from collections.abc import Iterator
from pathlib import Path

from tm_exporter.clients.trust import TrustSet, TrustStore, TrustUnavailable
from tm_exporter.config.access import Access
from tm_exporter.config.secrets import (
    FileSecret,
    proxy_password_reader,
    secret_reader,
)
from tm_exporter.credentials import SecretUnavailable


CERTIFICATES = ("ca_bundle", "client_cert_file", "client_key_file")
SECRETS = ("api_key_file", "token_file", "proxy_password_file")


def files(target: Access) -> Iterator[Path]:
    """Yield every file that is read to reach a target."""
    for key in (*SECRETS, *CERTIFICATES):
        if (path := getattr(target, key)) is not None:
            yield path


def unreadable(target: Access, store: TrustStore) -> Iterator[str]:
    """
    Yield one sentence for each file of a target that cannot be used.

    Args:
        target: With the names of the files.
        store: Of what was read already, so that equal trust is read once.
    """
    for reader in file_secrets(target):
        try:
            reader.read()
        except SecretUnavailable as error:
            yield f"a secret is not available now: {error}"
    yield from _certificates(target, store)


def file_secrets(target: Access) -> Iterator[FileSecret]:
    """Yield the readers of all secrets of a target that are in files."""
    for reader in (secret_reader(target), proxy_password_reader(target)):
        if isinstance(reader, FileSecret):
            yield reader


def _certificates(target: Access, store: TrustStore) -> Iterator[str]:
    missing = tuple(_missing(target))
    authorities = TrustSet(target.ca_bundle)
    ourselves = TrustSet(None, target.client_cert_file, target.client_key_file)
    yield from missing
    for trust in () if missing else (authorities, ourselves):
        try:
            if trust.files:
                store.context(trust)
        except TrustUnavailable as error:
            yield f"a certificate cannot be used now: {error}"


def _missing(target: Access) -> Iterator[str]:
    for key in CERTIFICATES:
        path = getattr(target, key)
        try:
            if path is not None:
                os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))  # no pipe waits
        except OSError as error:
            yield f"`{key}` cannot be read now: {path}: {error.strerror}"
