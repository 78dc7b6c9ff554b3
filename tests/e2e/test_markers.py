"""No secret comes out of any command, page, log line or file, in any form."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bcrypt
import httpx
import pytest
import trustme
import yaml

from tests.clients.certificates import write_leaf
from tests.e2e.children import Child, child
from tests.e2e.echoing_service import echoing_service
from tests.e2e.markers import forms, leaks, marker
from tests.e2e.waiting import eventually


pytestmark = pytest.mark.e2e

NAMES = (
    "API key",
    "file of an API key",
    "JSON file of an API key",
    "TOML file of an API key",
    "variable of an API key",
    "token",
    "file of a token",
    "JSON file of a token",
    "output of a program",
    "argument of a program",
    "variable of a token",
    "header X-Api-Key",
    "header Cookie",
    "config.toml",
    "password of a proxy",
    "password in HTTPS_PROXY",
    "password of the pages",
)
PLANTED = {name: marker(name) for name in NAMES}
SENT = [name for name in NAMES if name != "argument of a program"]

ONCE = {"interval": "5m", "timeout": "4s"}
"""Of a probe whose first run, within ten seconds of the start, is its only one."""

PROBES: dict[str, Any] = {
    **dict.fromkeys(("health", "version", "models", "chat"), ONCE),
    "chat_stream": {**ONCE, "idle_timeout": "4s"},
}
PULLS: dict[str, Any] = dict.fromkeys(("auth", "deployments", "usage"), ONCE)
IDLE = {
    "control_plane": (
        *("metrics", "balance", "spending", "pricing", "transactions"),
        *("api_keys", "payment_methods", "activities", "tickets"),
    ),
    "serverless": (
        *("completions", "completions_stream", "responses", "responses_stream"),
        *("tokenize", "kv_cache"),
    ),
}


FAULTY = """
import sys
from tm_exporter.probes import version
from tm_exporter.__main__ import main

class Broken(Exception):
    pass

def fail(client, secret):
    raise Broken("with", secret, {"key": secret})

run_well = version.VersionProbe.run

async def run(self):
    if self.key.target != "variable":
        return await run_well(self)
    secret = (await self.client._secret.get()).get_secret_value()
    fail(self.client, secret)

version.VersionProbe.run = run
sys.exit(main())
"""
"""The exporter with a probe that fails with a secret at hand, and says it."""


@dataclass(frozen=True)
class Watched:
    """
    A daemon whose every place for a secret holds one.

    Attributes:
        outputs: What it said, by where.
        came: Headers that the service got.
        folder: Of the configuration.
    """

    outputs: dict[str, str]
    came: list[tuple[str, str]]
    folder: Path


def written(path: Path, text: str) -> str:
    """Write a file that only its owner may read; return its path."""
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def target(name: str, url: str, **more: Any) -> dict[str, Any]:
    """Return a target that is asked often."""
    surface = more.setdefault("surface", "serverless")
    is_account = surface == "control_plane"
    asked = PULLS if is_account else PROBES
    off = dict.fromkeys(IDLE["control_plane" if is_account else "serverless"], False)
    more |= {} if is_account else {"models": ["m"], "auth_on_get": "always"}
    return {"name": name, "base_url": url, "probes": {**off, **asked}, **more}


def configuration(url: str, folder: Path) -> dict[str, Any]:
    """Return a configuration with a secret in each of its places."""
    secrets = PLANTED
    file = written(folder / "key", secrets["file of an API key"] + "\n")
    inner = json.dumps({"a": {"b": secrets["JSON file of an API key"]}})
    toml = f"k = {json.dumps(secrets['TOML file of an API key'])}\n"
    token = json.dumps({"t": secrets["JSON file of a token"]})
    program = f"import sys; print(open({str(folder / 'out')!r}).read())"
    written(folder / "out", secrets["output of a program"])
    proxy = f"http://{url.partition('//')[2]}"
    account: dict[str, Any] = {"surface": "control_plane"}
    leaf = trustme.CA().issue_cert("localhost")
    chain, key = write_leaf(leaf, folder)
    targets = [
        target("inline", f"{url}/refuse", api_key=secrets["API key"]),
        target(
            "headers",
            f"{url}/name",
            api_key_file=file,
            headers={"X-Api-Key": secrets["header X-Api-Key"]},
        ),
        target(
            "cookie",
            f"{url}/refuse",
            headers={"Cookie": f"session={secrets['header Cookie']}"},
        ),
        target(
            "json",
            f"{url}/redirect",
            surface="on_demand",
            user_id="user-of-somebody",
            api_key_file=written(folder / "key.json", inner),
            api_key_json_key="a.b",
        ),
        target(
            "toml",
            f"{url}/stream",
            api_key_file=written(folder / "key.toml", toml),
            api_key_json_key="k",
        ),
        target("variable", f"{url}/name"),
        target("toml-of-tm", f"{url}/name"),
        target(
            "proxied",
            "https://service.example",
            api_key=secrets["API key"],
            proxy_url=f"{proxy.replace('//', '//user@')}",
            proxy_password_file=written(folder / "p", secrets["password of a proxy"]),
        ),
        target("environment", "https://service.example", api_key=secrets["API key"]),
        target(
            "certified",
            url.replace("http:", "https:"),
            api_key=secrets["API key"],
            client_cert_file=str(chain),
            client_key_file=str(key),
        ),
        target("account", f"{url}/refuse", **account, token=secrets["token"]),
        target(
            "account-file",
            f"{url}/name",
            **account,
            token_file=written(folder / "token", secrets["file of a token"]),
        ),
        target(
            "account-json",
            f"{url}/redirect",
            **account,
            token_file=written(folder / "token.json", token),
            token_json_key="t",
        ),
        target(
            "account-program",
            f"{url}/name",
            **account,
            token_command=[
                *(sys.executable, "-c", program),
                PLANTED["argument of a program"],
            ],
        ),
        target("account-variable", f"{url}/refuse", **account),
    ]
    for each in targets:
        if each["surface"] != "control_plane":
            each["account"] = "account"
    hashed = bcrypt.hashpw(PLANTED["password of the pages"].encode(), bcrypt.gensalt(4))
    web = {"basic_auth_users": {"prometheus": hashed.decode()}}
    return {
        "server": {
            "web_config_file": written(folder / "web.yml", yaml.safe_dump(web)),
            "allow_paid_probe_requests": True,
            "allow_reload": True,
        },
        "log": {"level": "debug"},
        "state_dir": str(folder / "state"),
        "canary_budget": {"daily_usd": 1000, "monthly_usd": 31000},
        "targets": targets,
    }


def environment(url: str, folder: Path) -> dict[str, str]:
    """Return the variables that hold a secret, or say where one is."""
    home = folder / "tm"
    home.mkdir(exist_ok=True)
    managed = json.dumps(PLANTED["config.toml"])
    written(home / "config.toml", f"[managed]\ngateway_api_key = {managed}\n")
    proxy = httpx.URL(url).copy_with(
        username="user", password=PLANTED["password in HTTPS_PROXY"]
    )
    own = "TM_EXPORTER_TARGETS__"
    return {
        "TM_CONFIG_HOME": str(home),
        "HTTPS_PROXY": str(proxy),
        f"{own}VARIABLE__API_KEY": PLANTED["variable of an API key"],
        f"{own}ACCOUNT_VARIABLE__TOKEN": PLANTED["variable of a token"],
    }


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Run the daemon and every command, and keep all that they say."""
    folder = tmp_path_factory.mktemp("configured")
    with echoing_service() as (url, came):
        file = folder / "exporter.yml"
        written(file, yaml.safe_dump(configuration(url, folder)))
        environ = environment(url, folder)
        words = ("run", "--config", file, "--listen", "127.0.0.1:0")
        command = (sys.executable, "-c", FAULTY, *words)
        with child(
            tmp_path_factory.mktemp("daemon"), *command, environment=environ
        ) as process:
            outputs = said_by_daemon(process, file)
            at = process.announced(r"^listening on (http://\S+)$")
            outputs |= said_by_commands(file, folder, environ, at)
            outputs |= {"command line": command_line(process.process.pid)}
            process.end(signal.SIGTERM, within=10)
            outputs |= {"log": process.stderr, "output": process.stdout}
        outputs |= said_in_files(folder / "state")
        yield Watched(outputs, came, folder)


def said_by_daemon(process: Child, file: Path) -> dict[str, str]:
    """Return every page, once each probe has run and a bad reload was refused."""
    url = process.announced(r"^listening on (http://\S+)$")
    auth = ("prometheus", PLANTED["password of the pages"])
    with httpx.Client(base_url=url, auth=auth, trust_env=False, timeout=30) as client:
        eventually(
            lambda: client.get("/-/ready").status_code == 200 or None,
            within=20,
            what="run of every probe",
        )
        good = file.read_text()
        written(file, good.replace("api_key:", "api_kee:"))
        client.post("/-/reload")
        written(file, good)
        outputs = {path: pages(client, path) for path in PATHS}
        status = client.get("/api/v1/status").text
        for run in set(re.findall(r'"probe_id":"([^"]+)"', status)):
            for form in ("json", "text"):
                path = f"/api/v1/evidence/{run}?format={form}"
                outputs[f"evidence {run} {form}"] = pages(client, path)
    outputs["without password"] = str(httpx.get(url, trust_env=False).headers)
    return outputs


PATHS = (
    *("/", "/?target=headers", "/metrics", "/config", "/api/v1/status", "/nothing"),
    *("/-/healthy", "/-/ready", "/probe?target=nobody", "/runbooks"),
    *(f"/probe?target={name}" for name in ("inline", "headers", "json", "account")),
    *("/probe?target=headers&probe=version", "/probe?target=proxied"),
    *("/api/v1/evidence/none", "/runbooks/TensormeshDown", "/-/reload"),
)
ACCEPTED = (
    "*/*",
    "application/openmetrics-text; version=1.0.0",
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily",
)


def pages(client: httpx.Client, path: str) -> str:
    """Return a page in every form, with its headers."""
    kinds = ACCEPTED if path == "/metrics" else ACCEPTED[:1]
    answers = [client.get(path, headers={"accept": kind}) for kind in kinds]
    return "\n".join(
        f"{answer.headers.raw!r} {answer.content.decode('latin-1')}"
        for answer in answers
    )


def command_line(process: int) -> str:
    """Return what `ps` shows of a process to everybody."""
    return Path(f"/proc/{process}/cmdline").read_bytes().decode()


def said_in_files(folder: Path) -> dict[str, str]:
    """Return what is in the files of a folder."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): path.read_bytes().decode("latin-1") for path in found}


def said_by_commands(
    file: Path, folder: Path, environ: Mapping[str, str], url: str
) -> dict[str, str]:
    """Return what every command says, where everything fails."""
    config = ("--config", str(file))
    asked = httpx.URL(url).copy_with(
        username="prometheus", password=PLANTED["password of the pages"]
    )
    commands: list[tuple[str, ...]] = [
        ("check", *config),
        ("check", *config, "--output", "json", "--strict"),
        ("probe", *config),
        ("probe", *config, "--output", "json"),
        ("schema",),
        ("metrics",),
        ("--version",),
        ("healthcheck", "--url", str(asked)),
        ("healthcheck", "--url", url),
        ("evidence", "nothing", "--url", str(asked)),
        ("evidence", "nothing", "--url", url),
        ("maintenance", "start", *config, "--reason", "work", "--for", "1m"),
        ("maintenance", "list", *config),
        ("maintenance", "end", "--all", *config),
        ("simulate", "--list"),
        *(("check", "--config", path) for path in bad_files(file, folder)),
    ]
    with ThreadPoolExecutor(2) as pool:
        demo = pool.submit(run, DEMO, VENDORS, folder)
        return {"commands": run(commands, environ, folder), "demo": demo.result()}


DEMO: list[tuple[str, ...]] = [("demo", "--listen", "127.0.0.1:0", "--for", "3")]
DRIVER = """
import json, sys
from tm_exporter.cli import main

for words in json.loads(sys.stdin.read()):
    try:
        print("status", main(words), flush=True)
    except SystemExit as ended:
        print("ended", ended, flush=True)
"""
"""Every command in one process: to start one takes longer than all that they do."""


def run(
    commands: list[tuple[str, ...]], environ: Mapping[str, str], folder: Path
) -> str:
    """Return all that commands say, one after the other."""
    path = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    said = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-c", DRIVER],
        input=json.dumps(commands),
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        env={**path, **environ},
    )
    assert re.findall("^(status|ended)", said.stdout, re.MULTILINE)[len(commands) - 1 :]
    return f"{said.stdout}\n{said.stderr}"


VENDORS = {
    "TENSORMESH_INFERENCE_API_KEY": PLANTED["API key"],
    "TENSORMESH_CONTROL_PLANE_TOKEN": PLANTED["token"],
}


_KEY = PLANTED["API key"]
BAD: list[dict[str, Any]] = [
    {"api_key": [_KEY]},
    {"api_key": {"value": _KEY}},
    {"api_key": f"{_KEY}\n\x01"},
    {"api_kee": _KEY},
    {"headers": _KEY},
    {"headers": {"A": [_KEY]}},
    {"headers": {f"{_KEY} ": "a"}},
    {"token": _KEY},
    {"token_command": _KEY},
    {"base_url": f"https://user:{_KEY}@host"},
    {"base_url": f"https://host/?key={_KEY}"},
    {"proxy_url": f"http://user:{_KEY}@host:80"},
    {"api_key_file": "key", "api_key": _KEY},
    {"models": {"api_key": _KEY}},
    {"probes": {"chat": {"body": _KEY}}},
    {"surface": _KEY},
]
"""What a target cannot be: a secret where none may be, or of another shape."""


def bad_files(file: Path, folder: Path) -> Iterator[str]:
    """Yield the paths of configurations that are wrong."""
    whole = yaml.safe_load(file.read_text())
    for number, changes in enumerate(BAD):
        first = {"name": "a", "surface": "serverless", **changes}
        document = {**whole, "targets": [first]}
        yield written(folder / f"bad-{number}.yml", yaml.safe_dump(document))
    yield written(folder / "bad-text.yml", f"targets:\n- api_key: [{_KEY}\n")
    yield written(folder / "bad-top.yml", yaml.safe_dump({"targets": [], "key": _KEY}))


def test_the_service_gets_every_secret(watched: Watched) -> None:
    """Else it could not say them, and the rest would prove nothing."""
    got = "\n".join(value for _, value in watched.came)
    lost = [
        name
        for name in SENT
        if name != "password of the pages"
        and not any(form in got for _, form in forms(PLANTED[name]))
    ]

    assert lost == []


def test_no_secret_goes_elsewhere(watched: Watched) -> None:
    """No redirect is followed, and a proxy learns nothing but where to and who."""
    hosts = {value.partition(":")[0] for name, value in watched.came if name == "host"}
    told = {name for name, _ in watched.came if name.startswith("proxy: ")}

    assert hosts == {"127.0.0.1"}
    assert told == {"proxy: host", "proxy: proxy-authorization"}
    assert "proxy-authorization" not in {name for name, _ in watched.came}


@pytest.mark.parametrize("name", NAMES)
def test_no_secret_comes_out(watched: Watched, name: str) -> None:
    """Neither whole nor half, neither as it is nor encoded."""
    assert leaks({name: PLANTED[name]}, watched.outputs) == []


def test_no_key_of_a_certificate_comes_out(watched: Watched) -> None:
    """None of the lines of its file."""
    lines = (watched.folder / "client.key").read_text().splitlines()[1:-1]

    assert leaks(dict(zip(lines, lines, strict=True)), watched.outputs) == []


def test_state_is_for_its_owner(watched: Watched) -> None:
    """But for windows of maintenance, in a folder that nobody else may enter."""
    folder = watched.folder / "state"
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}

    assert folder.stat().st_mode & 0o777 == 0o700
    assert modes.pop("maintenance.json") == 0o644
    assert set(modes.values()) == {0o600}
    assert {"ledger.sqlite3", "memory.json"} <= modes.keys()


def test_a_user_is_named_only_where_the_configuration_is_shown(
    watched: Watched,
) -> None:
    """It is no secret, and yet nobody's business."""
    named = leaks({"user": "user-of-somebody"}, watched.outputs)

    assert {leak.where for leak in named} <= {"/config", "commands"}


def test_everything_said_something(watched: Watched) -> None:
    """A page or a command that is silent would hide nothing."""
    log = watched.outputs["log"]

    assert all(len(text) > 3 for text in watched.outputs.values())
    assert "internal" in log
    assert '"level":"debug"' in log
    assert "Traceback" in log
    assert "tensormesh_service_version_info{" in watched.outputs["/metrics"]
    assert "reload" in log
    assert len([path for path in watched.outputs if path.startswith("evidence")]) > 20
    assert any("memory.json" in path for path in watched.outputs)
    assert watched.outputs["commands"].count("status 2\n") >= len(BAD) + 2
