"""What `tm-exporter maintenance` does; the daemon need not run for it."""

import argparse
import getpass
import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from tm_exporter.config.settings import Settings
from tm_exporter.config.shard import elsewhere
from tm_exporter.config.state import NoStateDirectory, state_directory
from tm_exporter.config.target import Target
from tm_exporter.config.window import LONGEST
from tm_exporter.config.wording import nearest
from tm_exporter.maintenance.notices import Notice, Notices, NoticesUnusable
from tm_exporter.maintenance.window import OpenWindow, planned


Step = Callable[[argparse.Namespace, Settings, Notices], str]
"""Does one thing, and returns what to say."""


_WHERE_TO_LOOK = ": `tm-exporter maintenance list` shows what goes on"


class Refused(Exception):  # noqa: N818 -- an answer
    """It was not done; the text is a sentence for people."""


class Unknown(Refused):
    """There is nothing of this name."""


def answer(
    step: Step,
    asked: argparse.Namespace,
    settings: Settings,
    environ: Mapping[str, str],
) -> str:
    """
    Do what is asked for, and return what to say.

    Args:
        step: `start`, `end` or `show`.
        asked: With the options of that step.
        settings: The configuration in force.
        environ: All environment variables.

    Raises:
        Refused: It was not done.
    """
    try:
        kept = Notices(state_directory(settings, environ))
        return step(asked, settings, kept)
    except (NoStateDirectory, NoticesUnusable) as error:
        raise Refused(str(error)) from None


def start(asked: argparse.Namespace, settings: Settings, kept: Notices) -> str:
    """
    Begin maintenance: slots are skipped, and alerts are quiet.

    Raises:
        Refused: It names what is not configured, or ends in the past.
        NoticesUnusable: It could not be kept.
    """
    targets = _targets(settings, asked.target)
    _check_models(targets, asked.model)
    now = datetime.now(UTC)
    until = asked.until or now + asked.lasts
    if not now < until <= now + timedelta(seconds=LONGEST):
        raise Refused(f"{_time(until)} is not within the next 366 days")
    notice = Notice(
        name=kept.free_name(),
        who=asked.by or _person(),
        why=asked.reason,
        targets=tuple(dict.fromkeys(asked.target)),
        models=tuple(dict.fromkeys(asked.model)),
        since=now,
        until=until,
    )
    kept.begin(notice)
    return (
        f"{notice.name}: maintenance of {_what(notice.window)} until {_time(until)}\n"
        f"(kept in {kept.path}; a daemon that has its state there heeds it within "
        "seconds)"
    )


def end(asked: argparse.Namespace, _: Settings, kept: Notices) -> str:
    """
    End maintenance that was begun by hand, before its time.

    Raises:
        Refused: Several could be meant.
        Unknown: None has the name.
        NoticesUnusable: They go on.
    """
    going_on = {notice.name: notice for notice in kept.read()}
    names = asked.name or (list(going_on) if asked.all else _only(going_on))
    for name in names:
        if name not in going_on:
            hint = nearest(name, list(going_on)) or _WHERE_TO_LOOK
            raise Unknown(f"no maintenance has the name {name!r}{hint}")
    kept.end(names)
    lines = (f"{name}: ended, {_what(going_on[name].window)}" for name in names)
    return "\n".join(lines) or "nothing was begun by hand, or it is over"


def show(asked: argparse.Namespace, settings: Settings, kept: Notices) -> str:
    """
    List what is in maintenance now, by hand and by configuration.

    Raises:
        NoticesUnusable: Nobody knows.
    """
    by_hand = [notice.window for notice in kept.read()]
    now = datetime.now(UTC).timestamp()
    windows = [*planned(settings.maintenance, now), *by_hand]
    if asked.output == "json":
        return json.dumps([_fields(window) for window in windows], indent=2)
    return "\n".join(map(_line, windows)) or "nothing is in maintenance"


def _targets(settings: Settings, names: Sequence[str]) -> list[Target]:
    """Return the targets that are meant: all, where none is named."""
    known = {target.name: target for target in settings.targets}
    for name in names:
        if name not in known:
            hint = (
                elsewhere(name, settings.shard)
                or nearest(name, list(known))
                or (f": there are {', '.join(known)}" if known else ": there is none")
            )
            raise Refused(f"no target has the name `{name}`{hint}")
    return [known[name] for name in names or known]


def _check_models(targets: Sequence[Target], names: Sequence[str]) -> None:
    """Refuse models that none of these targets is asked for."""
    if any(target.models == "auto" for target in targets):
        return
    known = [model.name for target in targets for model in target.named_models]
    for name in names:
        if name not in known:
            raise Refused(f"no such target has a model `{name}`{nearest(name, known)}")


def _only(going_on: Mapping[str, Notice]) -> list[str]:
    """Return the only one there is, if any."""
    if len(going_on) > 1:
        lines = "\n".join(f"  {_line(each.window)}" for each in going_on.values())
        raise Refused(f"say which, or --all:\n{lines}")
    return list(going_on)


def _person() -> str:
    """Return who gives the command, as far as the system knows."""
    if behind := os.environ.get("SUDO_USER"):
        return behind
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container, nobody has a name
        return f"user {os.getuid()}"


def _what(window: OpenWindow) -> str:
    targets = ", ".join(window.targets) or "all targets"
    return f"{targets} ({', '.join(window.models)})" if window.models else targets


def _line(window: OpenWindow) -> str:
    by = f"by {window.who}" if window.who else "by configuration"
    why = f": {window.why}" if window.why else ""
    return f"{window.name}  {_what(window)}, until {_time(window.until)}, {by}{why}"


def _fields(window: OpenWindow) -> dict[str, object]:
    return {
        "name": window.name,
        "origin": window.origin,
        "who": window.who,
        "why": window.why,
        "targets": list(window.targets),
        "models": list(window.models),
        "since": _time(window.since),
        "until": _time(window.until),
    }


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
