"""The table of `tm-exporter probe`."""

import re

import orjson

from tests.sinks.observations import CHAT, HEALTH, next_step, observation
from tm_exporter.observation import ProbeKey, Reason
from tm_exporter.one_shot.asked import Asked, Row, Skipped, render_json
from tm_exporter.one_shot.table import render_table


SKIPPED = Skipped(CHAT, "no money is left", "wait for the next day")
FAILED = observation(HEALTH, reason=Reason.TIMEOUT, detail="no end within 5s")


def asked(*rows: Row) -> Asked:
    """Return what came of these."""
    return Asked(list(rows), next_step)


def test_every_probe_has_a_row_and_a_failed_one_says_what_to_do() -> None:
    """Columns are straight, so that eyes find what they look for."""
    lines = render_table(asked(observation(CHAT), FAILED, SKIPPED)).splitlines()

    head, passed, failed, why, step, skipped, *_ = lines
    assert passed.startswith("ok ")
    assert failed.startswith("FAILED ")
    assert skipped.startswith("skipped ")
    assert {line.index("eu") for line in (passed, failed, skipped)} == {
        head.index("target")
    }
    assert why == "    no end within 5s"
    assert step == "    next: look at health: timeout, 200"
    assert lines[-1] == "2 probes ran, 1 failed, 1 was skipped"


def test_how_many_there_were_is_good_english() -> None:
    """One probe is asked for by name most of the time."""
    rows = asked(FAILED, SKIPPED, SKIPPED)

    assert render_table(rows).endswith("\n1 probe ran, 1 failed, 2 were skipped")


def test_it_is_plain_unless_a_terminal_shows_it() -> None:
    """Colours add nothing that is not in words."""
    rows = asked(observation(CHAT), FAILED, SKIPPED)

    plain, coloured = render_table(rows), render_table(rows, colours=True)

    assert "\x1b" not in plain
    assert "\x1b[1;31mFAILED\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_odd_names_and_texts_do_no_harm() -> None:
    """They neither steer the terminal nor bend the columns."""
    names = ["模型\x1b[2J", "\u202egnp.exe", "x" * 10_000, "<b>'\"</b>", "a\nb"]
    keys = [ProbeKey("eu", "serverless", "chat", name) for name in names]
    rows = [
        observation(key, reason=Reason.BAD_REQUEST, detail=f"no {key.model}")
        for key in keys
    ]

    table = render_table(asked(*rows))

    assert not any(mark in table for mark in ("\x1b", "\u202e", "x" * 1000))
    assert len(table.splitlines()) == 1 + 3 * len(rows) + 1
    assert max(map(len, table.splitlines())) < 700


def test_a_secret_that_an_error_quotes_is_masked() -> None:
    """In the table and in JSON alike."""
    quoting = observation(HEALTH, reason=Reason.AUTH, detail="bad key hunter22")

    def mask(text: str) -> str:
        return text.replace("hunter22", "<secret>")

    table = render_table(asked(quoting), mask)
    document = render_json(asked(quoting), mask)

    assert "hunter22" not in table + document
    assert orjson.loads(document)[0]["detail"] == "bad key <secret>"


def test_an_odd_detail_can_be_json() -> None:
    """Names of files may be no text at all."""
    row = observation(HEALTH, reason=Reason.CONFIGURATION, detail="/etc/\udcff")

    assert orjson.loads(render_json(asked(row)))[0]["detail"] == "/etc/?"
