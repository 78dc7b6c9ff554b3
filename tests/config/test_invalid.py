"""
Every mistake that a file can have, and the sentence it is answered with.

One file a mistake, in `invalid/`; the name says which.
"""

# ruff: noqa: E501 -- a message is one line

from pathlib import Path

import pytest

from tm_exporter.config.load import load
from tm_exporter.config.origin import ConfigurationError
from tm_exporter.config.registry import kinds_of


FOLDER = Path(__file__).parent / "invalid"

MESSAGES = {
    "bad-literal": (
        "3: `targets.a.surface`: must be `serverless`, `on_demand` or `control_plane`; did you mean `serverless`?",
    ),
    "bare-number": (
        "5: `targets.a.probes.health.interval`: 15 has no unit: write 15s, 15m or 15h",
    ),
    "binary": ("is not a text in UTF-8: save it as one",),
    "body-and-prompt-tokens": (
        "4: `targets.a.probes.chat_long`: `prompt_tokens` says nothing where `body` has `messages`",
    ),
    "body-answers-is-text": (
        "4: `targets.a.probes.completions.body`: `n` must be a whole number: it bounds what a run costs",
    ),
    "body-limit-is-text": (
        "4: `targets.a.probes.responses.body`: `max_output_tokens` must be a whole number: it bounds what a run costs",
    ),
    "body-with-image": (
        "4: `targets.a.probes.chat.body`: must not use `image_url`: nothing bounds how many tokens it comes to",
    ),
    "body-with-model": (
        "4: `targets.a.probes.chat.body`: must not set `model`: each probe asks the models of its target",
    ),
    "body-with-stored-conversation": (
        "4: `targets.a.probes.responses.body`: must not use `previous_response_id`: nothing bounds how many tokens it comes to",
    ),
    "body-with-stream": (
        "4: `targets.a.probes.chat.body`: must not set `stream`: that is what the kinds differ in",
    ),
    "body-with-tool-of-the-service": (
        "4: `targets.a.probes.responses_stream.body`: must not use `web_search`: nothing bounds how many tokens it comes to",
    ),
    "body-without-limit": (
        "4: `targets.a.probes.chat.body`: must not remove `max_tokens`: nothing else bounds what a run costs",
    ),
    "client-key-alone": (
        "4: `targets.a.client_key_file`: says nothing without `client_cert_file`: give both or none",
    ),
    "command-is-text": (
        "4: `targets.a.token_command`: must be a list, such as [a, b]",
    ),
    "control-character": (
        "this is not YAML: has a control character, so it is no text file",
    ),
    "custom-name-without-kind": (
        "5: `targets.a.probes.weekly`: no such probe: one with a name of its own needs a `kind`, of "
        + ", ".join(kinds_of("serverless")),
    ),
    "duplicate-key": ("4: `log.level`: this key is there twice, first in line 2",),
    "duplicate-key-of-a-target": (
        "4: `targets[0].surface`: this key is there twice, first in line 3",
    ),
    "duplicate-target-in-one-line": (
        "1: `targets.a`: this name is there twice in one line: names must be unique",
    ),
    "duplicate-target": (
        "4: `targets.a`: this name is taken in duplicate-target.yml:2: names must be unique",
    ),
    "header-of-the-connection": (
        "4: `targets.a.headers`: `Content-Length` is set by the connection itself: leave it out",
    ),
    "header-value-is-a-list": (
        "4: `targets.a.headers.X-Route`: must be text: put it into quotes",
    ),
    "index-above-total": (
        "1: `shard.total`: must be more than `index` (3), which counts from 0",
    ),
    "interval-of-nothing": (
        "4: `targets.a.probes.health.interval`: must be at least 100ms",
    ),
    "json-key-without-file": (
        "4: `targets.a.token_json_key`: says nothing without `token_file`: give both or none",
    ),
    "key-is-a-number": ("4: `targets.a.api_key`: must be text: put it into quotes",),
    "key-on-control-plane": (
        "4: `targets.a.api_key`: control_plane takes a `token`, not an API key",
    ),
    "key-with-line-break": (
        "4: `targets.a.api_key`: has a character that no header can carry, such as a line break",
    ),
    "kind-of-another-surface": (
        "5: `targets.a.probes.balance`: `balance` is for control_plane, not for serverless",
    ),
    "kv-cache-messages": (
        "4: `targets.a.probes.kv_cache`: `body` must not set `messages`: the prompt must begin anew in every run",
    ),
    "kv-cache-prefix": (
        "4: `targets.a.probes.kv_cache.prefix_tokens`: must be at least 1024",
    ),
    "kv-cache-prompt-tokens": (
        "4: `targets.a.probes.kv_cache`: takes `prefix_tokens` in place of `prompt_tokens`",
    ),
    "kv-cache-settle": (
        "4: `targets.a.probes.kv_cache`: settle (6s) exceeds half of timeout (10s)",
    ),
    "label-is-a-number": (
        "4: `targets.a.labels.tier`: must be text: put it into quotes",
    ),
    "label-name": (
        "4: `targets.a.labels`: `cost-center` is no label name: letters, digits and `_`",
    ),
    "list-as-key": ("1: a key must be a plain word",),
    "listen-port-too-large": (
        "1: `server.listen`: must be HOST:PORT, such as 0.0.0.0:9877 or [::]:9877",
    ),
    "listen-without-port": (
        "1: `server.listen`: must be HOST:PORT, such as 0.0.0.0:9877 or [::]:9877",
    ),
    "maintenance-backwards": ("2: `maintenance[0]`: `to` must be later than `from`",),
    "maintenance-cron": (
        "2: `maintenance[0].cron`: must be five fields, such as `0 22 * * sun`",
    ),
    "maintenance-cron-field": (
        "2: `maintenance[0].cron`: `24` is no hour: those are 0 to 23",
    ),
    "maintenance-of-nobody": (
        "4: `maintenance[0].targets[1]`: no target has the name `nebuis`; did you mean `nebius`?",
    ),
    "maintenance-for-ever": (
        "2: `maintenance[0]`: `to` must be within 366d of `from`: longer is no maintenance",
    ),
    "maintenance-too-long": (
        "2: `maintenance[0].duration`: must be at most 366d: longer is no maintenance",
    ),
    "maintenance-without-end": (
        "2: `maintenance[0]`: give `cron` and `duration`, or `from` with one of `to` and `duration`",
    ),
    "maintenance-without-zone": (
        "2: `maintenance[0].from`: must have a time zone, such as Z for UTC",
    ),
    "max-tokens-zero": (
        "4: `targets.a.probes.kv_cache.max_tokens`: must be at least 1",
    ),
    "model-interval-below-timeout": (
        "5: `targets.a.probes.chat_stream`: timeout (30s) exceeds the interval of one of the models (20s)",
    ),
    "model-interval-of-nothing": (
        "4: `targets.a.models[0].interval`: must be at least 100ms",
    ),
    "models-on-control-plane": (
        "4: `targets.a.models`: control_plane has no models to ask: name them elsewhere",
    ),
    "negative-budget": ("1: `canary_budget.daily_usd`: must be at least 0",),
    "no-such-date": ("2: this is not YAML: there is no such date or number",),
    "not-a-boolean": ("1: `server.show_money`: must be true or false",),
    "not-a-number": ("1: `canary_budget.daily_usd`: must be a number",),
    "not-http": (
        "4: `targets.a.base_url`: must be an address such as https://host or http://host:port",
    ),
    "objective-above-one": ("1: `slo.availability`: must be less than 1.0",),
    "on-demand-without-url": (
        "2: `targets.a.base_url`: must be given for on_demand, such as https://external.nebius.tensormesh.ai",
    ),
    "on-demand-without-user": (
        "2: `targets.a.user_id`: must be given for on_demand: it is sent as X-User-Id",
    ),
    "plain-http-far": (
        "4: `targets.a.base_url`: plain http to another machine shows keys to the network: use https, or set `allow_plain_http: true`",
    ),
    "probe-is-a-number": (
        "4: `targets.a.probes.chat`: must be a mapping such as {interval: 5m}, or false",
    ),
    "probe-name": (
        "5: `targets.a.probes.Chat Long`: a probe's name has only lower-case letters, digits, `-` and `_`",
    ),
    "probes-is-a-list": ("4: `targets.a.probes`: must be a mapping of probe names",),
    "proxy-with-password": (
        "4: `targets.a.proxy_url`: must have no password: put that into `proxy_password_file`",
    ),
    "proxy-without-port": (
        "4: `targets.a.proxy_url`: must be an address such as http://host:port",
    ),
    "recursive": ("1: this is not YAML: an alias contains itself",),
    "reference-is-no-url": (
        "1: `reference_url`: must be an address such as https://host or http://host:port",
    ),
    "regex": (
        "4: `targets.a.probes.chat.expect.regex`: not a regular expression: missing ), unterminated subpattern at position 0",
    ),
    "same-model-twice": ("4: `targets.a.models[1]`: this model is there twice",),
    "same-variables": (
        "4: `targets.eu_west`: has the same variables as `eu-west` in same-variables.yml:2: rename one",
    ),
    "server-is-a-list": ("1: `server`: must be a mapping of keys and values",),
    "share-above-one": ("1: `canary_budget.share`: must be at most 1",),
    "statuses-on-inference": (
        "4: `targets.a.healthy_statuses`: is for control_plane only",
    ),
    "syntax-alias": (
        "4: this is not YAML: `*` begins an alias: put the value into quotes",
    ),
    "syntax-bracket": ("2: this is not YAML: a bracket is opened and not closed",),
    "syntax-colon": (
        "1: this is not YAML: a `:` is not expected here: look at quotes and indentation",
    ),
    "syntax-quote": ("3: this is not YAML: a quote is opened and not closed",),
    "syntax-tab": (
        "2: this is not YAML: a tab or special character stands where a value begins: use spaces, or quotes",
    ),
    "syntax-tag": ("4: this is not YAML: `!` begins a tag: put the value into quotes",),
    "target-is-a-word": (
        "2: `targets[0]` must be a mapping with `name`, `surface`, ...",
    ),
    "target-name-is-a-number": (
        "2: `targets[0]` has a `name` that is no text: put it into quotes",
    ),
    "target-name-is-empty": ("2: `targets[0]` has an empty `name`",),
    "target-name": (
        "2: `targets.Production.name`: must begin with a letter or digit and have only lower-case letters, digits, `-` and `_`, 63 at the most",
    ),
    "target-without-name": ("2: `targets[0]` has no `name`",),
    "target-without-surface": (
        "2: `targets.a.surface`: must be given, such as serverless, on_demand or control_plane",
    ),
    "targets-by-name": ("1: `targets`: must be a list of targets",),
    "timeout-above-interval": (
        "5: `targets.a.probes.health`: timeout (16s) exceeds interval (15s)",
    ),
    "token-on-inference": (
        "4: `targets.a.token_file`: inference takes an `api_key`, not a token",
    ),
    "top-is-a-list": ("1: must be a mapping such as `targets: [...]`",),
    "top-is-a-word": ("1: must be a mapping such as `targets: [...]`",),
    "two-documents": (
        "2: this is not YAML: there is a second document (`---`): only one may be",
    ),
    "two-expectations": (
        "4: `targets.a.probes.chat.expect`: give exactly one of regex, json and tool_call",
    ),
    "two-keys": (
        "5: `targets.a.api_key_file`: there is `api_key` too: give one of the two",
    ),
    "two-tokens": (
        "5: `targets.a.token_command`: there is `token_file` too: give one of the two",
    ),
    "unknown-account": (
        "4: `targets.a.account`: no control_plane target has this name: there is none",
    ),
    "unknown-budget-key": (
        "3: `canary_budget.fallback_price_per_million_tokens.inputs`: no such key; did you mean `input`?",
    ),
    "unknown-key-of-another-surface": (
        "4: `targets.a.api_keyy`: no such key: there are name, surface, allow_plain_http, base_url, account, labels, token, token_file, token_command, token_json_key, ca_bundle, client_cert_file, client_key_file, proxy_url, proxy_password_file, ip_protocol, headers, healthy_statuses, stopped_statuses, probes",
    ),
    "unknown-kind": (
        "5: `targets.a.probes.chat_long.kind`: no such kind; did you mean `chat_stream`?",
    ),
    "unknown-model-key": (
        "6: `targets.a.models[0].max_token`: no such key; did you mean `max_tokens`?",
    ),
    "unknown-probe-key": (
        "6: `targets.a.probes.chat.intervals`: no such key; did you mean `interval`?",
    ),
    "unknown-probe": (
        "5: `targets.a.probes.chatt`: no such probe; did you mean `chat`? If not, give it a `kind`",
    ),
    "unknown-server-key": ("2: `server.listn`: no such key; did you mean `listen`?",),
    "unknown-slo-key": (
        "6: `targets.a.probes.chat_stream.slo.ttft.threshold`: must be given, such as 3s",
        "6: `targets.a.probes.chat_stream.slo.ttft.thresholds`: no such key; did you mean `threshold`?",
    ),
    "unknown-target-key": (
        "4: `targets.a.api_kee_file`: no such key; did you mean `api_key_file`?",
    ),
    "unknown-top-key": ("1: `sever`: no such key; did you mean `server`?",),
    "url-with-bad-port": (
        "4: `targets.a.base_url`: is not an address: look at host and port",
    ),
    "url-with-password": (
        "4: `targets.a.base_url`: must have no user name and no password in it",
    ),
    "url-with-query": (
        "4: `targets.a.base_url`: must have no query (`?`) and no fragment (`#`)",
    ),
    "user-on-serverless": (
        "4: `targets.a.user_id`: must not be given for serverless, which takes none",
    ),
    "wrong-unit": (
        "5: `targets.a.probes.health.interval`: '15sec' is not a duration such as 500ms, 15s or 1h30m",
    ),
    "endless-duration": (
        f"5: `targets.a.probes.health.interval`: {'9' * 20} is more than ten years",
    ),
    "zero-duration": ("5: `targets.a.probes.health.interval`: 0s is no time at all",),
}
"""By file: the line and the message, or several where one mistake makes two."""


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_a_mistake_is_answered_with_one_sentence(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence names file, line and key, and says what to do."""
    monkeypatch.chdir(FOLDER)

    with pytest.raises(ConfigurationError) as caught:
        load(file=Path(f"{name}.yml"), environ={})

    problems = [str(problem) for problem in caught.value.problems]
    assert [
        problem.removeprefix(f"{name}.yml:").strip() for problem in problems
    ] == list(MESSAGES[name])


def test_every_file_is_in_the_table() -> None:
    """A file without a message would be a mistake that nobody checks."""
    assert {path.stem for path in FOLDER.iterdir()} == set(MESSAGES)


def test_no_sentence_has_a_secret() -> None:
    """The files have `hunter2` wherever a secret may stand."""
    for name in MESSAGES:
        with pytest.raises(ConfigurationError) as caught:
            load(file=FOLDER / f"{name}.yml", environ={})

        assert "hunter2" not in str(caught.value)
        assert "pydantic" not in str(caught.value)
