"""What the status page shows, and what it cannot be made to show."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.crowd import crowd
from tests.web.reader import Reader
from tests.web.statuses import MOMENT, model_status, status
from tm_exporter.sinks.marks import Mark
from tm_exporter.views.overview import overview
from tm_exporter.views.status import (
    AccountStatus,
    BudgetStatus,
    BudgetWindow,
    MaintenanceStatus,
    ModelStatus,
    ProbeStatus,
    Status,
    TargetStatus,
)
from tm_exporter.web import page
from tm_exporter.web.static import FILES


HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'&amp;"
ODD_TEXTS = [
    HOSTILE,
    "\N{PILE OF POO}\N{ZERO WIDTH JOINER}\N{VARIATION SELECTOR-16} emoji",
    "\u202egnp.exe\u2066 turned \u05d0\u05d1\u05d2",
    "</script><!-- ]]> <style>*{display:none}</style>",
    "x" * 10_000,
    "\x00\x1b[31m\r\n\ud800",
    "javascript:alert(1)//{{7*7}}",
]


def read(told: Status, only: TargetStatus | None = None) -> Reader:
    """Return what a browser sees of a page, five minutes after the usual moment."""
    return Reader(page.render(told, MOMENT + timedelta(minutes=5), only))


def with_overview(told: Status) -> Status:
    """Return the status with its overview."""
    return replace(told, overview=overview(told.targets))


def mark(number: int, reason: str | None = None, detail: str = "") -> Mark:
    """Return a run that ended so many minutes after the usual moment."""
    ended = MOMENT + timedelta(minutes=number)
    return Mark(f"id-{number}", ended, reason is None, 0.5, reason, detail)


def failing(**changes: Any) -> ModelStatus:
    """Return a probe whose key is refused, but for the changes."""
    return model_status(
        **{
            "state": "failing",
            "reason": "auth",
            "detail": "HTTP 401",
            "next_step": "Check the API key.",
            "ttft_seconds": None,
        }
        | changes
    )


def test_the_first_look_answers_the_first_questions() -> None:
    """Does it work, if not whose fault is it, and what is to be done."""
    text = read(with_overview(status(failing()))).text

    assert "Tensormesh does not work for us: eu." in text
    assert "Whose fault: ours" in text
    assert "What to do: Check the API key." in text
    assert "0 of 1 probes pass, 1 fails." in text
    assert "1 failing - tm-exporter" in text


def test_a_diagnosis_tells_whose_fault_it_is_better() -> None:
    """A refused key may be an empty balance, a timeout our own network."""
    text = read(with_overview(status(failing(diagnosis="network_local")))).text

    assert "our own network: nothing else can be reached either" in text


@pytest.mark.parametrize(
    ("verdict", "whose"),
    [
        ("network_remote", "the network's (the way between Tensormesh and us)."),
        ("edge", "Tensormesh's (its front, not one model)."),
        ("model", "Tensormesh's (the model, not the way to it)."),
    ],
)
def test_whose_fault_it_is_is_said_once(verdict: str, whose: str) -> None:
    """The same word twice in half a line makes readers look for a difference."""
    text = read(with_overview(status(failing(diagnosis=verdict)))).text

    assert f"Whose fault: {whose}" in text
    assert f"; {whose.partition(' (')[0]} to fix." in text


@pytest.mark.parametrize(
    ("reason", "verdict", "whose"),
    [
        ("wrong_model", "routing", "Tensormesh's (another model answers)."),
        ("bad_request", "model", "ours (what we ask for is refused)."),
    ],
)
def test_whose_fault_it_is_fits_what_to_do(
    reason: str, verdict: str, whose: str
) -> None:
    """A verdict is about where, and some reasons know better about who."""
    told = status(failing(reason=reason, diagnosis=verdict))

    assert f"Whose fault: {whose}" in read(with_overview(told)).text


def test_the_control_plane_has_no_models_that_are_all_alike() -> None:
    """Whose fault it is there is told without them."""
    probe = failing(model="", reason="overloaded", diagnosis="edge")
    told = TargetStatus(
        "account", "control_plane", (ProbeStatus("auth", (probe,)),), state="failing"
    )

    text = read(with_overview(replace(status(), targets=(told,)))).text

    assert "Whose fault: Tensormesh's (its Control Plane)." in text


def test_how_many_there_are_is_good_english() -> None:
    """One of a kind is the most usual number of failures."""
    one = [failing(model="a"), model_status(model="b", state="unknown")]
    two = [failing(model="c"), model_status(model="d", state="unknown")]

    few, more = (
        read(with_overview(status(*each))).text for each in (one, [*one, *two])
    )

    assert "0 of 2 probes pass, 1 fails, 1 is not known." in few
    assert "0 of 4 probes pass, 2 fail, 2 are not known." in more


def test_a_row_says_how_a_probe_is_doing() -> None:
    """State, since when, why, and how long it took, in human words."""
    texts = read(status(failing(runs=(mark(0), mark(1, "auth"))))).texts

    for expected in ("eu", "chat_stream", "openai/gpt-oss-20b", " failing", "auth"):
        assert expected in texts
    for expected in ("5 min ago", "1.25 s", "dns 1.0 ms"):
        assert expected in texts


def test_a_time_tells_the_exact_one_where_asked() -> None:
    """For whoever looks up what else happened then."""
    document = page.render(status(model_status()), MOMENT + timedelta(minutes=5))

    title = 'datetime="2026-11-22T12:00:00+00:00" title="2026-11-22 12:00:00 UTC"'
    assert f"<time {title}>5 min ago</time>" in document


def test_a_page_of_probes_that_pass_says_nothing_of_failures() -> None:
    """The title is what a row of browser tabs shows."""
    reader = read(with_overview(status(model_status(), not_watched=())))

    assert "tm-exporter" in reader.texts
    assert "Tensormesh works for us." in reader.text
    assert "400 ms" in reader.text
    assert "Last failures" not in reader.text
    assert "Whose fault" not in reader.text


def test_what_is_unknown_says_why() -> None:
    """Not a zero, not `None`, and not silence."""
    unknown = model_status(
        state="unknown",
        since=None,
        detail="it has not run yet",
        last_duration_seconds=None,
        ttft_seconds=None,
        last_run=None,
        next_slot=MOMENT + timedelta(minutes=8),
    )

    text = read(with_overview(status(unknown, ready=False))).text

    assert "None" not in text
    assert "Not known yet whether Tensormesh works for us: eu." in text
    assert "it has not run yet; next slot in 3 min" in text
    assert "not ready yet" in text


def test_a_slot_that_is_due_is_not_in_the_past() -> None:
    """What is to come is not `just now`."""
    due = model_status(state="unknown", detail="it has not run yet", next_slot=MOMENT)

    document = page.render(status(due), MOMENT + timedelta(seconds=2))

    assert "next slot now" in Reader(document).text


def test_what_never_ran_is_told() -> None:
    """An hourly probe that is skipped for its price must not look watched."""
    never = model_status(state="unknown", last_run=None)

    assert "Never ran so far: eu: chat_stream." in read(status(never)).text


def test_failures_stay_when_runs_pass_again() -> None:
    """What broke last night is understood in the morning."""
    recovered = model_status(failures=(mark(1, "timeout", "no end within 30s"),))

    reader = read(status(recovered))

    assert "Last failures" in reader.text
    assert "no end within 30s" in reader.text
    assert "/api/v1/evidence/id-1?format=text" in reader.links


def test_the_newest_failures_are_told() -> None:
    """Of all probes together, and not more than can be read."""
    marks = [mark(number, "timeout") for number in range(40)]

    document = page.render(status(model_status(failures=tuple(marks))), MOMENT)

    assert "/api/v1/evidence/id-39?" in document
    assert "/api/v1/evidence/id-20?" not in document


def test_a_timeline_is_told_to_those_who_do_not_see_it() -> None:
    """With how many passed and failed."""
    shown = status(model_status(runs=(mark(0), mark(1, "auth"), mark(2))))
    document = page.render(shown, MOMENT)

    assert "last 3 runs: 2 passed, 1 failed, the longest took 500 ms" in document
    assert document.count('<path class="failed"') == 1


def test_healthy_targets_are_folded_where_there_are_many() -> None:
    """What fails is seen without a click."""
    told, now = crowd(10, failing=1, runs=2)

    opened = Reader(page.render(told(), now)).opened

    assert opened.pop("target-serverless-000")
    assert len(opened) == 9
    assert not any(opened.values())


def test_of_two_hundred_targets_the_healthy_ones_are_a_line() -> None:
    """The page stays small: well under the 150 kB that it may have, even unpacked."""
    told, now = crowd(200, failing=1, runs=2)

    document = page.render(told(), now)
    reader = Reader(document)

    assert len(document) < 150_000
    assert list(reader.opened) == ["target-serverless-000"]
    assert "/?target=serverless-199" in reader.links


def test_where_all_of_two_hundred_fail_the_page_stays_bounded() -> None:
    """An outage is when it is read most."""
    told, now = crowd(200, failing=200, runs=2)

    document = page.render(told(), now)

    assert len(document) < 600_000
    assert len(Reader(document).opened) == 20


def test_a_page_of_one_target_is_unfolded_and_advises() -> None:
    """It is where a line leads to."""
    shown = status(failing())

    reader = read(shown, shown.targets[0])

    assert reader.opened == {"target-eu": True}
    assert "Check the API key." in reader.text


def test_ids_are_unique() -> None:
    """What is kept when the page updates goes by them."""
    told, now = crowd(5, failing=3)

    ids = Reader(page.render(told(), now)).ids

    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("field", ["model", "reason", "detail", "next_step"])
@pytest.mark.parametrize("odd", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
def test_an_odd_text_is_a_text(field: str, odd: str) -> None:
    """Models are named by others, and details quote what a service sent."""
    broken = failing(failures=(mark(0, "auth", odd),), **{field: odd})
    plain = read(with_overview(status(failing(failures=(mark(0, "auth"),)))))

    shown = with_overview(status(broken))
    document = page.render(shown, MOMENT)
    reader = read(shown)

    document.encode()
    assert reader.tags == plain.tags
    assert reader.attributes == plain.attributes
    assert not any(text in document for text in ("\u202e", "\x1b", "\x00", "x" * 2000))


@given(st.text(), st.text(), st.text())
def test_no_text_becomes_markup(model: str, reason: str, detail: str) -> None:
    """Whatever it is made of."""
    broken = failing(model=model, reason=reason, detail=detail)

    reader = read(with_overview(status(broken)))

    assert reader.tags <= {
        *("html", "head", "meta", "title", "link", "script", "body", "header", "a"),
        *("nav", "time", "button", "p", "main", "section", "div", "h1", "h2", "h3"),
        *("span", "strong", "ul", "ol", "li", "bdi", "details", "summary", "table"),
        *("caption", "thead", "tbody", "tr", "th", "td", "small", "svg", "path"),
        "footer",
    }


def test_a_quoted_text_is_shown_as_it_is() -> None:
    """Escaped once, not twice."""
    assert HOSTILE in read(status(failing(detail=HOSTILE))).texts


def test_nothing_is_fetched_from_anywhere() -> None:
    """The page works where there is no way out, and tells nobody that it is read."""
    reader = read(with_overview(status(failing())))

    assert all(link.startswith(("/", "#")) for link in reader.links)
    assert {"/metrics", "/config", "/api/v1/status"} <= set(reader.links)
    assert {"style", "onclick", "onload"}.isdisjoint(reader.attributes)
    style = FILES["page.css"].content.decode()
    assert not any(word in style for word in ("url(", "@import", "http"))
    assert "http" not in FILES["page.js"].content.decode().replace("XMLHttp", "")


def test_maintenance_is_told() -> None:
    """With who, why and until when."""
    window = MaintenanceStatus(
        name="weekly",
        origin="command",
        who="root",
        why=HOSTILE,
        targets=(),
        models=("a-model",),
        since=MOMENT,
        until=MOMENT + timedelta(hours=1),
    )

    text = read(status(model_status(), maintenance=(window,))).text

    for expected in ("not asked now", "all targets", "a-model", "weekly", "root"):
        assert expected in text
    assert HOSTILE in text
    assert "in 55 min" in text


def account(**changes: Any) -> Status:
    """Return the status of an account with these means."""
    usual = AccountStatus({"USD": 12.5}, 86_400.0 * 12, is_idle=False)
    means = replace(usual, **changes)
    shown = status(model_status(model=""))
    return replace(shown, targets=(replace(shown.targets[0], account=means),))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "balance 12.50 USD, which lasts for about 12 days."),
        ({"runway_seconds": 0.0}, "nothing is left. Top up."),
        ({"runway_seconds": None}, "for how long it lasts is not known yet."),
        ({"runway_seconds": None, "is_idle": True}, "nothing is being spent."),
        ({"balance": {"USD": 0.0042, "EUR": 1234.0}}, "0.0042 USD and 1,234.00 EUR"),
    ],
)
def test_what_the_account_has_left(changes: dict[str, Any], expected: str) -> None:
    """In human words."""
    assert expected in read(account(**changes)).text


def test_warnings_come_before_what_passes() -> None:
    """On the page of everything and on that of the target."""
    shown = status(model_status(model=""))
    warns = replace(shown.targets[0], warnings=(f"deployment {HOSTILE} is in ruins",))

    for only in (None, warns):
        document = page.render(replace(shown, targets=(warns,)), MOMENT, only)
        assert document.index("in ruins") < document.index('id="targets"')
        assert "<script>alert" not in document


def test_without_a_warning_there_is_no_word_of_them() -> None:
    """A heading over nothing would worry somebody."""
    assert "Warnings" not in read(status(model_status())).text


def test_very_many_warnings_are_told_in_part() -> None:
    """The page has other things to say."""
    shown = status(model_status())
    warns = replace(shown.targets[0], warnings=tuple(f"w{n}." for n in range(50)))

    text = read(replace(shown, targets=(warns,))).text

    assert "w19." in text
    assert "w20." not in text
    assert "and 30 more, on the pages of their targets" in text


def budget(**changes: Any) -> BudgetStatus:
    """Return a budget that is half used up, but for the changes."""
    defaults: dict[str, Any] = {
        "ledger": "usable",
        "detail": "",
        "windows": (BudgetWindow("day", 1.0, 0.5), BudgetWindow("month", 31.0, 12.25)),
        "stretched": {},
        "skipped": (),
    }
    return BudgetStatus(**defaults | changes)


def text_of(shown: BudgetStatus | None) -> str:
    """Return all that a browser would show of a page with this budget."""
    return read(status(model_status(), budget=shown)).text


def test_the_budget_is_told_in_words() -> None:
    """What is left, what runs less often, and what does not run."""
    text = text_of(budget(stretched={"chat": 1.4}, skipped=("kv_cache", "chat_long")))

    assert "Of the canary budget 0.50 of 1.00 USD are left today." in text
    assert "Of the canary budget 12.25 of 31.00 USD are left this month." in text
    assert "chat runs 1.4 times less often, so that the money lasts." in text
    assert "No money is left for kv_cache, chat_long." in text


def test_the_bar_shows_what_the_words_say() -> None:
    """What is left, and not what is gone: a full bar is a full purse."""
    document = page.render(status(model_status(), budget=budget()), MOMENT)

    assert 'max="1.0" value="0.5" aria-label="canary budget left today"' in document
    assert 'value="12.25" aria-label="canary budget left this month"' in document


def test_a_ledger_that_cannot_be_used_is_told_first() -> None:
    """With what to do, which quotes names of files."""
    windows = (BudgetWindow("day", 1.0, None),)
    text = text_of(budget(ledger="unusable", detail=HOSTILE, windows=windows))

    assert f"the ledger cannot be used: {HOSTILE}" in text
    assert "Canaries may spend 1.00 USD today." in text


def test_where_nothing_is_paid_for_there_is_no_word_of_money() -> None:
    """Nor where it is not to be shown."""
    for shown in (None, budget(ledger="unused"), budget(windows=())):
        assert "Money" not in text_of(shown)
