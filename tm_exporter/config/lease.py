"""Where the lease is, by settings and surroundings."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tm_exporter.config.settings import Settings
from tm_exporter.config.state import NoStateDirectory, state_directory


SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where a pod finds who it is."""


class NoLease(Exception):  # noqa: N818 -- what there is not
    """Nothing says where the lease is; the text says what could."""


@dataclass(frozen=True, slots=True)
class LeasePlace:
    """
    A lease of Kubernetes, and how to get at it.

    Attributes:
        api_url: Of the API server, without a trailing slash.
        namespace: Of the lease.
        name: Of the lease.
        token_file: Read again when it changes; None where no token is sent.
        ca_bundle: Of the API server's authority; None for the system's own.
    """

    api_url: str
    namespace: str
    name: str
    token_file: Path | None
    ca_bundle: Path | None


def lease_name(settings: Settings) -> str:
    """Return the name of the lease; each shard competes for one of its own."""
    shard = settings.shard
    name = settings.lease.name
    return name if shard.total == 1 else f"{name}-{shard.index}"


def lease_place(
    settings: Settings,
    environ: Mapping[str, str],
    account: Path = SERVICE_ACCOUNT,
) -> LeasePlace:
    """
    Return where the lease of Kubernetes is.

    Raises:
        NoLease: That is not known.

    Source: Kubernetes documentation, "Accessing the Kubernetes API from a Pod".
    """
    lease = settings.lease
    return LeasePlace(
        api_url=lease.api_url or _in_cluster(environ),
        namespace=lease.namespace or _own_namespace(environ, account),
        name=lease_name(settings),
        token_file=lease.token_file or _if_there(account / "token"),
        ca_bundle=lease.ca_bundle
        or (None if lease.api_url else _if_there(account / "ca.crt")),
    )


def lock_file(settings: Settings, environ: Mapping[str, str]) -> Path:
    """
    Return the file that instances of one machine lock.

    Raises:
        NoLease: There is no place for it.
    """
    try:
        directory = state_directory(settings, environ)
    except NoStateDirectory as error:
        raise NoLease(str(error)) from None
    return directory / f"{lease_name(settings)}.lock"


def lease_lines(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield what the lease means, for people; a sentence each."""
    lease = settings.lease
    with contextlib.suppress(NoLease):  # which is a warning
        if lease.enabled:
            yield (
                f"only the instance that has {_where(settings, environ)} runs paid "
                "probes; the others run free ones, and one of them takes over "
                + _how_soon(settings)
            )


def lease_warnings(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield why the lease would keep paid probes from running now."""
    if settings.lease.enabled:
        try:
            _where(settings, environ)
        except NoLease as error:
            yield f"`lease`: no paid probe can run here: {error}"


def _where(settings: Settings, environ: Mapping[str, str]) -> str:
    if settings.lease.kind == "file":
        return f"the lock on {lock_file(settings, environ)}"
    place = lease_place(settings, environ)
    return f"the lease {place.namespace}/{place.name}"


def _how_soon(settings: Settings) -> str:
    if settings.lease.kind == "file":
        return "when its process ends"
    soon = settings.lease.duration * 6 / 5
    return f"within {soon:g}s of its silence, at once when it ends as it should"


def _in_cluster(environ: Mapping[str, str]) -> str:
    host = environ.get("KUBERNETES_SERVICE_HOST", "")
    port = environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        raise NoLease(
            "this is no pod of Kubernetes (KUBERNETES_SERVICE_HOST is not set): set "
            "`lease.api_url`, or `lease.kind: file` for instances of one machine"
        )
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def _own_namespace(environ: Mapping[str, str], account: Path) -> str:
    if told := environ.get("POD_NAMESPACE", ""):
        return told
    try:
        return (account / "namespace").read_text().strip()
    except OSError:
        raise NoLease(
            "the namespace of this pod is not known: set `lease.namespace`"
        ) from None


def _if_there(path: Path) -> Path | None:
    return path if path.exists() else None
