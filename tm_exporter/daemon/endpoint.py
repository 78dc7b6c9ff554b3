"""Where the exporter can be asked: its pages, protected, and its health beside them."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NoReturn

import structlog

from tm_exporter.config.origin import ConfigurationError, Origin, Problem
from tm_exporter.config.sections import ServerSection
from tm_exporter.config.web_file import WebFile
from tm_exporter.config.web_load import Web, load_web
from tm_exporter.process.upkeep import surely
from tm_exporter.web.listen import ListenError
from tm_exporter.web.protection import Current, Protection, none
from tm_exporter.web.server import App, WebServer


_LOOK_EVERY = 0.5

log = structlog.get_logger()

Told = Callable[[bool], None]
"""Called with whether a web configuration that changed could be taken."""

_Marks = tuple[tuple[int, ...], ...]


def check(settings: ServerSection) -> None:
    """
    Read the web configuration, if there is one.

    Raises:
        ConfigurationError: It cannot be used.
    """
    if settings.web_config_file is not None:
        load_web(settings.web_config_file)


class WebConfig:
    """
    The web configuration in force, read again when it or a file that it names changes.

    A change counts once the files stay as they are from one look to the next, so
    that one which is being written is not taken for what it is to be. What cannot be
    used leaves what was in force, and is tried again.

    Args:
        path: Of the file.
        told: Is told what came of a change.

    Raises:
        ConfigurationError: It cannot be used.
    """

    def __init__(self, path: Path, told: Told = lambda _: None) -> None:
        self._path = path
        self._told = told
        self._files: tuple[Path, ...] = (path,)
        self._web, self._taken = self._load()
        self._seen = self._taken
        self._complaint = ""
        self._protection = _protection(self._web)

    def protection(self) -> Protection:
        """Return what is in force."""
        return self._protection

    async def keep(self) -> None:
        """Look for changes until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            await surely("web configuration", self._look_and_tell)

    async def _look_and_tell(self) -> None:
        """Look once, beside the loop, and tell what came of a change."""
        complaint = await asyncio.to_thread(self.look)
        if complaint is None:
            return
        if complaint:
            log.warning("web_config_refused", detail=complaint)
        else:
            log.info("web_config_reloaded", path=str(self._path))
        self._told(not complaint)

    def look(self) -> str | None:
        """
        Look once, and take a change that can be used.

        Returns:
            None where there is nothing new, an empty text where a change was taken,
            else what is wrong with it.
        """
        marks, before = _marks(self._files), self._seen
        self._seen = marks
        if marks == self._taken or marks != before:
            return None
        try:
            self._take()
        except ConfigurationError as error:
            known, self._complaint = self._complaint, str(error)
            return None if known == self._complaint else self._complaint
        return ""

    def _take(self) -> None:
        web, marks = self._load()
        self._check_change(web)
        self._protection = _protection(web)
        self._web, self._complaint = web, ""
        self._taken = self._seen = marks

    def _load(self) -> tuple[Web, _Marks]:
        """Return what the files say, and how they were just before they were read."""
        self._files = (self._path, *load_web(self._path).file.files())
        marks = _marks(self._files)
        return load_web(self._path), marks

    def _check_change(self, web: Web) -> None:
        """Refuse what nobody would want to come of a file by itself."""
        if web.file == WebFile() and self._web.file != WebFile():
            self._object("would protect nothing: restart for that")
        if (web.context is None) != (self._web.context is None):
            self._object("restart to switch TLS on or off")

    def _object(self, sentence: str) -> NoReturn:
        origin = Origin("file", str(self._path))
        raise ConfigurationError((Problem(sentence, (), origin),))


class Endpoint:
    """
    The addresses of an exporter.

    Args:
        settings: Of its server.
        listen: `host:port` of its pages.
        pages: Makes the pages, given what protects them.
        health: What answers at the second address, if there is one.
        told: Is told what came of a change of the web configuration.

    Raises:
        ConfigurationError: The web configuration cannot be used.
    """

    def __init__(
        self,
        settings: ServerSection,
        listen: str,
        pages: Callable[[Current], App],
        health: App,
        told: Told,
    ) -> None:
        path = settings.web_config_file
        self._config = None if path is None else WebConfig(path, told)
        protection = none if self._config is None else self._config.protection
        self._pages = WebServer(pages(protection), listen, protection=protection)
        self._health = (
            None
            if settings.health_listen is None
            else WebServer(health, settings.health_listen)
        )
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """
        Listen, and answer from now on.

        Returns:
            The address of its pages.

        Raises:
            ListenError: An address is none, is not ours, or is taken.
        """
        url = await self._pages.start()
        if self._health is not None:
            try:
                health = await self._health.start()
            except ListenError:
                await self._pages.stop()
                raise
            log.info("health_listening", url=health)
        if self._config is not None:
            self._keeping = asyncio.create_task(self._config.keep(), name="web config")
        return url

    async def stop(self) -> None:
        """End within half a second, with or without the clients' consent."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        servers = [self._pages, *([self._health] if self._health else [])]
        await asyncio.gather(*(server.stop() for server in servers))


def _protection(web: Web) -> Protection:
    """Return a web configuration as the pages know it."""
    file = web.file
    names = file.tls_server_config.client_allowed_sans
    headers = file.http_server_config.headers.model_dump(by_alias=True)
    return Protection(
        context=web.context,
        allowed_names=None if names is None else frozenset(names),
        users={
            name.encode(): hashed.get_secret_value().encode()
            for name, hashed in file.basic_auth_users.items()
        },
        headers={name: text for name, text in headers.items() if text is not None},
        interval=file.rate_limit.interval,
        burst=file.rate_limit.burst,
    )


def _marks(files: Iterable[Path]) -> _Marks:
    return tuple(map(_mark, files))


def _mark(path: Path) -> tuple[int, ...]:
    """Return what differs between two states of a file, links followed."""
    try:
        state = path.stat()
    except OSError:
        return ()
    times = state.st_mtime_ns, state.st_ctime_ns
    return (*times, state.st_size, state.st_ino, state.st_dev)
