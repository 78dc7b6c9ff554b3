"""The top of the page: does it work for us, and if not, whose fault, and what to do?"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from tm_exporter.logs.printable import printable
from tm_exporter.reasons import Party
from tm_exporter.views.status import Overview, Problem, Status, TargetStatus
from tm_exporter.web.html import Html, join, tag
from tm_exporter.web.parts import badge, evidence, moment, name, text
from tm_exporter.web.targets import SURFACES, count
from tm_exporter.web.words import some


_MOST_PROBLEMS = 12
_MOST_TARGETS = 12

WHOSE: Mapping[Party, str] = {
    "us": "ours",
    "service": "Tensormesh's",
    "network": "the network's",
    "exporter": "the exporter's own",
}
_MORE: Mapping[str, str] = {
    "network_local": "our own network: nothing else can be reached either",
    "network_remote": "the way between Tensormesh and us",
    "edge": "its front, not one model",
    "auth": "a credential of ours is refused",
    "quota": "the credit is used up",
    "throttled": "requests are being throttled",
    "routing": "nobody serves the model or the user that we name",
    "model": "the model, not the way to it",
    "stream": "streams, while whole answers pass",
}
_MORE_OF_REASON: Mapping[tuple[str | None, str], str] = {
    ("routing", "wrong_model"): "another model answers",
    ("model", "bad_request"): "what we ask for is refused",
    ("stream", "bad_request"): "what we ask for is refused",
}


def glance(status: Status, now: datetime) -> Html:
    """Return the answer in one look, then what is wrong, the widest first."""
    told = status.overview or Overview(
        state="unknown", summary="Nothing is known yet.", party=None, problems=()
    )
    heading = tag("h1", badge(told.state), " ", told.summary)
    # Read out when it changes; what changes with every second is not in it.
    announced = tag("div", heading, _fault(told), role="status", id="answer")
    return tag(
        "section",
        announced,
        tag("p", _count(status), class_="count"),
        _targets(status.targets),
        _problems(told, now),
        class_=f"glance {told.state}",
        id="glance",
        aria_label="Overview",
    )


def _fault(told: Overview) -> Html | None:
    if told.party is None:
        return None
    first = told.problems[0]
    more = _more(first)
    whose = f"{WHOSE[told.party]} ({more})" if more else WHOSE[told.party]
    return join(
        (
            tag("p", tag("strong", "Whose fault: "), f"{whose}."),
            tag("p", tag("strong", "What to do: "), text(first.next_step)),
        )
    )


def _more(first: Problem) -> str | None:
    if (first.surface, first.diagnosis) == ("control_plane", "edge"):
        return "its Control Plane"
    where = _MORE.get(first.diagnosis or "")
    return where and _MORE_OF_REASON.get((first.diagnosis, first.reason), where)


def _count(status: Status) -> str:
    """Return how many probes are in which state."""
    models = [m for t in status.targets for p in t.probes for m in p.models]
    passing = sum(m.state == "ok" for m in models)
    failing = sum(m.state == "failing" for m in models)
    unknown = len(models) - passing - failing
    counts = [f"{passing} of {len(models)} probes pass"]
    counts += [_number(failing, "fails", "fail")] if failing else []
    counts += [_number(unknown, "is not known", "are not known")] if unknown else []
    return f"{', '.join(counts)}."


def _number(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def _targets(told: Sequence[TargetStatus]) -> Html | None:
    """Return the state of each target, as long as they fit into a glance."""
    if not 1 < len(told) <= _MOST_TARGETS:
        return None
    items = (
        tag(
            "li",
            tag("a", each.target, href=f"#target-{each.target}"),
            " ",
            badge(each.state),
            tag("span", f" {SURFACES[each.surface]}, {count(each)}", class_="muted"),
        )
        for each in told
    )
    return tag("ul", *items, class_="chips")


def _problems(told: Overview, now: datetime) -> Html | None:
    if not told.problems:
        return None
    said = told.problems[0].next_step  # above
    items = [_problem(each, now, said) for each in told.problems[:_MOST_PROBLEMS]]
    more = len(told.problems) - len(items)
    if more > 0:
        items.append(tag("li", f"and {more} more, below"))
    title = tag("h2", "What fails", id="problems-title")
    return join((title, tag("ul", *items, class_="problems")))


def _problem(told: Problem, now: datetime, said: str) -> Html:
    since = moment(told.since, now)
    head = tag(
        "p",
        tag("a", told.target, href=f"/?target={told.target}"),
        ": ",
        tag("strong", name(told.reason)),
        join((": ", text(told.detail))) if told.detail else None,
        tag("span", ", first ", since, class_="muted") if since else None,
        f"; {WHOSE[told.party]} to fix.",
    )
    return tag(
        "li",
        head,
        tag("p", text(some(told.probes, 4))),
        tag("p", "Next: ", text(told.next_step)) if told.next_step != said else None,
        evidence(told.probe_id, f"{told.target}, {told.reason}"),
        id=f"problem-{told.target}-{told.diagnosis or ''}-{printable(told.reason, 40)}",
    )
