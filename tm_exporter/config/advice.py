"""What is unwise in a configuration that can be used."""

from collections.abc import Iterator
from itertools import chain
from urllib.parse import urlsplit

from tm_exporter.clients.trust import TrustSet, TrustStore, TrustUnavailable
from tm_exporter.config import urls
from tm_exporter.config.secrets import (
    FileSecret,
    proxy_password_reader,
    secret_reader,
)
from tm_exporter.config.settings import Settings
from tm_exporter.config.target import Target
from tm_exporter.credentials import SecretUnavailable


def warnings(settings: Settings) -> tuple[str, ...]:
    """Return one sentence for each thing that is unwise, or would fail now."""
    return (*_mixed(settings), *_windows(settings), *_of_targets(settings))


def _of_targets(settings: Settings) -> Iterator[str]:
    for target in settings.targets:
        found = (_secrets, _certificates, _plain, _objectives)
        for sentence in chain.from_iterable(find(target) for find in found):
            yield f"{target.name}: {sentence}"


def _mixed(settings: Settings) -> Iterator[str]:
    hosts = {
        target.name: urlsplit(target.base_url).hostname or ""
        for target in settings.targets
        if not urls.is_loopback(target.base_url)
    }
    staging = [name for name, host in hosts.items() if "staging" in host]
    if staging and len(staging) < len(hosts):
        names = ", ".join(staging)
        yield f"staging ({names}) and production are mixed in one configuration"


def _windows(settings: Settings) -> Iterator[str]:
    """Yield each window of maintenance for a model that nobody asks."""
    for window in settings.maintenance:
        names = window.targets or [target.name for target in settings.targets]
        meant = [target for target in settings.targets if target.name in names]
        if any(target.models == "auto" for target in meant):
            continue
        asked = {model.name for target in meant for model in target.named_models}
        for name in window.models:
            if name not in asked:
                about = f"maintenance `{window.name}`"
                yield f"{about}: no such target has a model `{name}`"


def _secrets(target: Target) -> Iterator[str]:
    for reader in (secret_reader(target), proxy_password_reader(target)):
        if isinstance(reader, FileSecret):
            try:
                reader.read()
            except SecretUnavailable as error:
                yield f"a secret is not available now: {error}"
            yield from reader.warnings()


def _certificates(target: Target) -> Iterator[str]:
    missing = tuple(_missing(target))
    authorities = TrustSet(target.ca_bundle)
    ourselves = TrustSet(None, target.client_cert_file, target.client_key_file)
    yield from missing
    for trust in () if missing else (authorities, ourselves):
        try:
            if trust.files:
                TrustStore().context(trust)
        except TrustUnavailable as error:
            yield f"a certificate cannot be used now: {error}"


def _missing(target: Target) -> Iterator[str]:
    for key in ("ca_bundle", "client_cert_file", "client_key_file"):
        path = getattr(target, key)
        try:
            if path is not None:
                path.open("rb").close()
        except OSError as error:
            yield f"`{key}` cannot be read now: {path}: {error.strerror}"


def _plain(target: Target) -> Iterator[str]:
    if target.base_url.startswith("http://") and not urls.is_loopback(target.base_url):
        yield "plain http to another machine is allowed: keys cross it readable"


def _objectives(target: Target) -> Iterator[str]:
    """Yield each objective of a first token that no one ever sees come."""
    for name, section in target.probes.items():
        asked = section.slo is not None and section.slo.ttft is not None
        if asked and not section.shows_first_token:
            yield (
                f"`probes.{name}.slo.ttft` has no effect: "
                "its answer comes whole, without a first token"
            )
