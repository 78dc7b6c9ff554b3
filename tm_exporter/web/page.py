"""The status page for people: one document that works without a script."""

from datetime import datetime

from tm_exporter.views.status import Status, TargetStatus
from tm_exporter.web.failures import MOST, MOST_OF_TARGET, failures
from tm_exporter.web.gaps import gaps, maintenance
from tm_exporter.web.glance import glance
from tm_exporter.web.html import Html, join, tag
from tm_exporter.web.money import money_section
from tm_exporter.web.parts import moment
from tm_exporter.web.static import BUILD, FILES
from tm_exporter.web.targets import one_target, targets
from tm_exporter.web.warnings import warnings
from tm_exporter.web.words import exact


_LINKS = {
    "/metrics": "Metrics",
    "/config": "Configuration",
    "/runbooks": "Runbooks",
    "/api/v1/status": "Status as JSON",
}


def render(status: Status, now: datetime, only: TargetStatus | None = None) -> str:
    """
    Return the document; nothing in it was not escaped.

    Args:
        status: Of everything.
        now: The time.
        only: The one target that is told in full; without one, all are.
    """
    main = _all(status, now) if only is None else _one(only, now)
    content = tag("main", main, id="content", tabindex="-1")
    body = tag("body", _header(status, now), content, _footer(status, now))
    document = tag("html", _head(status), body, lang="en", data_build=BUILD)
    return f"<!doctype html>\n{document}\n"


def _all(status: Status, now: datetime) -> Html:
    return join(
        (
            glance(status, now),
            warnings(status.targets),
            maintenance(status.maintenance, now),
            money_section(status),
            targets(status.targets, now),
            failures(status.targets, now, MOST),
            gaps(status),
        )
    )


def _one(target: TargetStatus, now: datetime) -> Html:
    return join(
        (
            tag("h1", target.target),
            tag("p", tag("a", "All targets", href="/")),
            warnings([target]),
            one_target(target, now),
            failures([target], now, MOST_OF_TARGET),
        )
    )


def _head(status: Status) -> Html:
    state = status.overview.state if status.overview else "unknown"
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", _title(status)),
        tag("link", rel="icon", type="image/svg+xml", href=FILES[f"{state}.svg"].path),
        tag("link", rel="stylesheet", href=FILES["page.css"].path),
        tag("script", src=FILES["page.js"].path, defer=True),
    )


def _title(status: Status) -> str:
    """Return what a row of browser tabs shows: how many fail comes first."""
    models = (m for t in status.targets for p in t.probes for m in p.models)
    failing = sum(model.state == "failing" for model in models)
    return f"{failing} failing - tm-exporter" if failing else "tm-exporter"


def _header(status: Status, now: datetime) -> Html:
    skip = tag("a", "Skip to content", href="#content", class_="skip")
    links = (tag("a", words, href=path) for path, words in _LINKS.items())
    as_of = tag("time", f"As of {exact(now)}", datetime=now.isoformat(), id="as-of")
    pause = tag(
        "button",
        "Pause updates",
        type="button",
        id="pause",
        class_="script-only",
        aria_pressed="false",
    )
    note = tag("p", id="note", class_="script-only", role="alert")
    name = tag("a", f"tm-exporter {status.version}", href="/", class_="brand")
    return tag(
        "header", skip, name, tag("nav", *links, aria_label="More"), as_of, pause, note
    )


def _footer(status: Status, now: datetime) -> Html:
    ready = "ready" if status.ready else "not ready yet"
    started = moment(status.started, now)
    return tag(
        "footer",
        tag("p", f"tm-exporter {status.version}, started ", started, f", {ready}."),
        *_lease(status),
        id="footer",
    )


def _lease(status: Status) -> tuple[Html, ...]:
    """Return which of several instances this is; nothing where there is one."""
    lease = status.lease
    if lease is None:
        return ()
    if lease.leads:
        words = "This instance leads: it runs the paid probes."
    else:
        words = f"This instance stands by and runs no paid probe: {lease.detail}."
    return (tag("p", words),)
