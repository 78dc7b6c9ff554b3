"""A real gateway: LiteLLM's proxy, as a process that may speak to loopback only."""

import contextlib
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.children import Child, child


PROGRAM = Path(__file__).parents[2] / ".tools/heavy/bin/litellm"
KEY = "sk-of-the-gateway"
CONFIG = """\
model_list:{models}
litellm_settings: {{num_retries: 0, disable_hf_tokenizer_download: true}}
router_settings: {{num_retries: 0, disable_cooldowns: true}}
general_settings: {{master_key: {key}}}
"""
MODEL = """
  - model_name: {name}
    litellm_params:
      model: openai/gpt-4o
      api_base: {upstream}/v1
      api_key: sk-made-up
      max_retries: 0"""
STAY_AT_HOME = {
    "DISABLE_ADMIN_UI": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
}
"""All that it would fetch from elsewhere, taken from its own package instead."""


@dataclass(frozen=True)
class Gateway:
    """
    A running gateway.

    Attributes:
        child: Its process.
        url: Where it listens.
        way_out: A socket that listens where it was told that its proxy is.
    """

    child: Child
    url: str
    way_out: socket.socket

    def tried_to_leave(self) -> bool:
        """Whether it has tried to speak to anything but loopback."""
        try:
            connection, _ = self.way_out.accept()
        except BlockingIOError:
            return False
        connection.close()
        return True


@contextlib.contextmanager
def gateway(folder: Path, upstreams: Mapping[str, str]) -> Iterator[Gateway]:
    """
    Run the gateway.

    It neither retries nor rests a model that failed, so that each request to it
    is one request to what is behind.

    Args:
        folder: For its configuration and output.
        upstreams: By name of a model, the URL of the server that has it.
    """
    assert PROGRAM.is_file(), f"{PROGRAM} is missing: run make peers"
    models = "".join(
        MODEL.format(name=name, upstream=upstream)
        for name, upstream in upstreams.items()
    )
    (folder / "gateway.yml").write_text(CONFIG.format(models=models, key=KEY))
    with (
        _way_out() as way_out,
        child(
            folder,
            *(PROGRAM, "--config", folder / "gateway.yml"),
            *("--host", "127.0.0.1", "--port", "0"),
            environment={**STAY_AT_HOME, **_proxies(way_out)},
        ) as process,
    ):
        url = process.announced(r"Uvicorn running on (http://\S+)", within=50)
        yield Gateway(process, url, way_out)


@contextlib.contextmanager
def _way_out() -> Iterator[socket.socket]:
    """Listen like a proxy, and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


def _proxies(way_out: socket.socket) -> dict[str, str]:
    address, port = way_out.getsockname()
    proxy = f"http://{address}:{port}"
    return {
        "HTTP_PROXY": proxy,
        "HTTPS_PROXY": proxy,
        "NO_PROXY": "127.0.0.1",
        "http_proxy": proxy,
        "https_proxy": proxy,
        "no_proxy": "127.0.0.1",
    }
