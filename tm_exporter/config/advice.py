"""What is unwise in a configuration that can be used."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from urllib.parse import urlsplit

from tm_exporter.clients.trust import TrustStore
from tm_exporter.config import urls
from tm_exporter.config.exposed import exposed_keys
from tm_exporter.config.origin import ConfigurationError
from tm_exporter.config.settings import Settings
from tm_exporter.config.target import Target
from tm_exporter.config.unreadable import file_secrets, unreadable
from tm_exporter.config.web_load import load_web, web_warnings


def warnings(settings: Settings) -> tuple[str, ...]:
    """Return one sentence for each thing that is unwise, or would fail now."""
    return (
        *_mixed(settings),
        *_windows(settings),
        *_of_targets(settings),
        *_of_pages(settings),
    )


def _of_targets(settings: Settings) -> Iterator[str]:
    for target in settings.targets:
        found = (_files, _plain, _objectives)
        for sentence in chain.from_iterable(find(target) for find in found):
            yield f"{target.name}: {sentence}"


def _of_pages(settings: Settings) -> Iterator[str]:
    path = settings.server.web_config_file
    if path is not None:
        with suppress(ConfigurationError):  # which is said by who uses it
            yield from web_warnings(path, load_web(path))


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
        is_elsewhere = settings.shard.total > 1  # where the others' models are known
        if is_elsewhere or any(target.models == "auto" for target in meant):
            continue
        asked = {model.name for target in meant for model in target.named_models}
        for name in window.models:
            if name not in asked:
                about = f"maintenance `{window.name}`"
                yield f"{about}: no such target has a model `{name}`"


def _files(target: Target) -> Iterator[str]:
    yield from unreadable(target, TrustStore())
    for reader in file_secrets(target):
        yield from reader.warnings()
    yield from exposed_keys(target)


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
