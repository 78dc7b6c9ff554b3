"""Whether a configuration that was read again may take the place of the one before."""

from collections.abc import Callable, Iterator

from tm_exporter.clients.trust import TrustStore
from tm_exporter.config import fixed
from tm_exporter.config.load import Loaded
from tm_exporter.config.origin import ConfigurationError
from tm_exporter.config.settings import Settings
from tm_exporter.config.sources import Sources
from tm_exporter.config.unreadable import files, unreadable


class Refused(Exception):  # noqa: N818 -- the answer to a wish
    """
    A configuration that is not taken, with everything that is wrong with it.

    Args:
        sentences: What is wrong, where, and what to do.
        sources: The files that decide over it.
    """

    def __init__(self, sentences: tuple[str, ...], sources: Sources) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences
        self.sources = sources


def candidate(load: Callable[[], Loaded], in_force: Loaded) -> Loaded:
    """
    Return the configuration as it is now; blocks.

    Args:
        load: Reads it.
        in_force: The one before.

    Raises:
        Refused: It cannot be used, or not without a restart.
    """
    try:
        loaded = load()
    except ConfigurationError as error:
        problems = tuple(map(str, error.problems))
        raise Refused(problems, error.sources) from None
    settings, sources = loaded.settings, loaded.sources
    if wrong := tuple(_wrong(loaded, in_force)):
        raise Refused(wrong, sources)
    if missing := tuple(_missing(settings)):
        for target in settings.targets:  # so that it is tried again once they are there
            for path in files(target):
                sources.name(path)
        raise Refused(missing, sources)
    return loaded


def _wrong(loaded: Loaded, in_force: Loaded) -> Iterator[str]:
    """Yield what only a restart can change, and what vanished."""
    for key in fixed.changed(in_force.settings, loaded.settings):
        yield f"`{key}` cannot change while the exporter runs: restart it for that"
    for place in loaded.sources.gone_from(in_force.sources):
        yield (
            f"`targets_from`: {place} was there before and is gone: put it back, "
            "or take it out of `targets_from`"
        )
    for path in loaded.sources.silent_since(in_force.sources):
        yield (
            f"{path} said something before and is empty or gone: write it anew, or "
            "restart the exporter if it is meant so"
        )


def _missing(settings: Settings) -> Iterator[str]:
    store = TrustStore()
    for target in settings.targets:
        for sentence in unreadable(target, store):
            yield f"`targets.{target.name}`: {sentence}"
