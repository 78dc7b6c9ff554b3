"""From settings to probes, and to the clients which they ask through."""

import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote

from pydantic import SecretStr

from tm_exporter.clients.client import Client, ControlPlaneClient, InferenceClient
from tm_exporter.clients.proxy import Proxy
from tm_exporter.clients.resolver import Resolver
from tm_exporter.clients.space import Space
from tm_exporter.clients.stamps import Stamps
from tm_exporter.clients.transport import Transport
from tm_exporter.clients.trust import TrustSet, TrustStore
from tm_exporter.config.running import Chosen, Running, running, running_of
from tm_exporter.config.secrets import proxy_password_reader, secret_reader
from tm_exporter.config.settings import Settings
from tm_exporter.config.target import Target
from tm_exporter.config.unreadable import files
from tm_exporter.credentials import Secret
from tm_exporter.kinds import PROBES
from tm_exporter.observation import Probe, ProbeKey


Way = tuple[object, ...]
"""All of a target's settings that its client is made of."""

_WAY = (
    *("surface", "base_url", "auth_on_get", "headers", "user_id"),
    *("api_key", "api_key_file", "api_key_json_key"),
    *("token", "token_file", "token_command", "token_json_key"),
    *("ca_bundle", "client_cert_file", "client_key_file"),
    *("proxy_url", "proxy_password_file", "ip_protocol"),
)


@dataclass(frozen=True, slots=True)
class KnownSecret:
    """
    A secret that the log is told of before anyone uses it.

    Attributes:
        secret: Where it comes from.
        tell: Has it masked wherever it turns up from now on.
    """

    secret: Secret
    tell: Callable[[str], None]

    async def get(self) -> SecretStr:
        """Return the secret, or raise SecretUnavailable."""
        value = await self.secret.get()
        self.tell(value.get_secret_value())
        return value

    def check(self) -> None:
        """Raise SecretUnavailable if it is known at once that it cannot be had."""
        self.secret.check()

    def rejected(self) -> None:
        """Pass on that the service refused it."""
        self.secret.rejected()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """
    Builds probes; what targets can share is made once.

    Attributes:
        tell_secret: Has a secret masked in the log.
        environ: Where HTTPS_PROXY and NO_PROXY are looked up.
        clock: Monotonic seconds.
        now: Seconds since the epoch.
        stamps: When bytes arrived.
    """

    tell_secret: Callable[[str], None]
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    stamps: Stamps = field(default_factory=Stamps)
    _resolver: Resolver = field(default_factory=Resolver)
    _trust_store: TrustStore = field(default_factory=TrustStore)
    _space: Space = field(default_factory=Space)
    _clients: dict[str, tuple[Way, Client]] = field(default_factory=dict)

    def successor(self, settings: Settings) -> "Assembly":
        """
        Return what builds the probes of another configuration.

        It has the clients of targets that are reached in the same way as before.
        """
        targets = {target.name: _way(target) for target in settings.targets}
        clients = {
            name: known
            for name, known in list(self._clients.items())
            if known[0] == targets.get(name)
        }
        return replace(self, _clients=clients)

    def prune(self, settings: Settings) -> None:
        """Let go of the authorities of targets that are configured no more."""
        self._trust_store.keep({path for t in settings.targets for path in files(t)})

    def probes(self, settings: Settings, chosen: Chosen | None = None) -> list[Probe]:
        """
        Return everything that runs, in the order of the configuration.

        Args:
            settings: The configuration; the same one each time.
            chosen: Models of targets that say `auto`, as far as they are known.
        """
        return [self._probe(row) for row in running(settings, chosen or {})]

    def probes_of(
        self, settings: Settings, target: Target, chosen: Chosen
    ) -> list[Probe]:
        """Return everything that runs of one target of the configuration."""
        return [self._probe(row) for row in running_of(settings, target, chosen)]

    def reference_transport(self, settings: Settings) -> Transport:
        """
        Return what the reference URL is asked through: the way of the targets.

        A proxy and an authority of our own are used if all targets have the same.
        """
        shared = _shared(settings)
        return Transport(
            resolver=self._resolver,
            trust_store=self._trust_store,
            trust=TrustSet(None if shared is None else _path(shared.ca_bundle)),
            proxy=None if shared is None else self._proxy(shared),
            clock=self.clock,
            now=self.now,
            environ=self.environ,
        )

    def reference_way(self, settings: Settings) -> Way | None:
        """Return what that transport is made of; None for nothing of a target's."""
        shared = _shared(settings)
        if shared is None:
            return None
        return (shared.proxy_url, shared.proxy_password_file, shared.ca_bundle)

    def _probe(self, row: Running) -> Probe:
        """Return the probe of one row; the probes of a target share its client."""
        target = row.target
        if target.name not in self._clients:
            self._clients[target.name] = _way(target), self._client(target)
        return _probe(row, self._clients[target.name][1])

    def _client(self, target: Target) -> Client:
        """Return the client that a target is spoken to with."""
        for value in target.headers.values():
            whole = value.get_secret_value()
            inner = re.split("[ =]", whole, maxsplit=1)[-1]  # `Token …`, `session=…`
            for each in dict.fromkeys((whole, inner)):
                self.tell_secret(each)
        if target.user_id is not None:  # none, and yet nobody's business
            self.tell_secret(target.user_id)
        self._tell_of_environment()
        secret = secret_reader(target, self.clock)
        known = None if secret is None else KnownSecret(secret, self.tell_secret)
        transport = self._transport(target)
        if target.surface == "control_plane":
            return ControlPlaneClient(
                base_url=target.base_url,
                transport=transport,
                secret=known,
                headers=target.headers,
            )
        return InferenceClient(
            base_url=target.base_url,
            transport=transport,
            secret=known,
            headers=target.headers,
            user_id=target.user_id,
            auth_on_get=_asks_for_credentials(target),
        )

    def _tell_of_environment(self) -> None:
        """Have the password in HTTPS_PROXY masked, if there is one."""
        for name in ("HTTPS_PROXY", "https_proxy"):
            user = self.environ.get(name, "").rpartition("@")[0]
            password = user.rpartition("//")[2].partition(":")[2]
            for form in {password, unquote(password)} - {""}:
                self.tell_secret(form)

    def _transport(self, target: Target) -> Transport:
        """Return the transport that knows the way to a target."""
        return Transport(
            resolver=self._resolver,
            trust_store=self._trust_store,
            trust=TrustSet(
                _path(target.ca_bundle),
                _path(target.client_cert_file),
                _path(target.client_key_file),
            ),
            proxy=self._proxy(target),
            ip_protocol=target.ip_protocol,
            space=self._space,
            target=target.name,
            stamps=self.stamps,
            clock=self.clock,
            now=self.now,
            environ=self.environ,
        )

    def _proxy(self, target: Target) -> Proxy | None:
        """Return the proxy that is configured for a target."""
        if target.proxy_url is None:
            return None
        password = proxy_password_reader(target)
        if password is None:
            return Proxy.at(target.proxy_url)
        known = KnownSecret(password, self._tell_password)
        return Proxy.at(target.proxy_url, known.get)

    def _tell_password(self, told: str) -> None:
        """Have a password masked, also by itself where its user stands before it."""
        _, _, password = told.partition(":")
        for secret in filter(None, (told, password)):
            self.tell_secret(secret)


def _probe(row: Running, client: Client) -> Probe:
    """Return the probe of one row."""
    target = row.target
    key = ProbeKey(
        target=target.name,
        surface=target.surface,
        probe=row.probe,
        model=row.model.name if row.model is not None else "",
    )
    models = tuple(model.name for model in target.named_models)
    return PROBES[type(row.section)](row.section, key, client, models)


def _shared(settings: Settings) -> Target | None:
    """Return a target whose proxy and authority are those of all."""
    ways = {(t.proxy_url, _path(t.ca_bundle)) for t in settings.targets}
    return settings.targets[0] if len(ways) == 1 else None


def _way(target: Target) -> Way:
    return tuple(getattr(target, key) for key in _WAY)


def _asks_for_credentials(target: Target) -> bool:
    """Whether the GET routes of an inference surface get the credentials."""
    if target.auth_on_get == "auto":
        return target.surface == "on_demand"
    return target.auth_on_get == "always"


def _path(name: str | Path | None) -> Path | None:
    return None if name is None else Path(name)
