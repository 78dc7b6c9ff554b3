"""`tm-exporter completion`: what a shell completes on the command line."""

import argparse

from tm_exporter.commands.command import FINE, Command
from tm_exporter.commands.completion_scripts.bash import bash
from tm_exporter.commands.completion_scripts.fish import fish
from tm_exporter.commands.completion_scripts.zsh import zsh
from tm_exporter.commands.completion_words import lines
from tm_exporter.commands.loading import load_asked
from tm_exporter.commands.options import CONFIG
from tm_exporter.commands.speaking import say
from tm_exporter.config.settings import Settings


def complete(asked: argparse.Namespace) -> int:
    """Print a shell's script, or the words that it asks for while it completes."""
    if render := _SCRIPTS.get(asked.shell):
        say(render(list(lines(asked.commands))))
    else:
        names = _NAMES[asked.shell](load_asked(asked).settings)
        say("\n".join(sorted(names)))
    return FINE


def _targets(settings: Settings) -> set[str]:
    return {target.name for target in settings.targets}


def _probes(settings: Settings) -> set[str]:
    return {name for target in settings.targets for name in target.probes}


def _models(settings: Settings) -> set[str]:
    return {
        model.name
        for target in settings.targets
        if target.models != "auto"
        for model in target.named_models
    }


_SCRIPTS = {"bash": bash, "zsh": zsh, "fish": fish}
_NAMES = {"targets": _targets, "probes": _probes, "models": _models}

COMPLETION = Command(
    name="completion",
    run=complete,
    about="Print what bash, zsh or fish need to complete this command line.",
    options={
        "shell": {
            "choices": (*_SCRIPTS, *_NAMES),
            "metavar": "SHELL",
            "help": (
                "bash, zsh or fish; targets, probes and models are what these ask for"
                " while they complete: names that are configured"
            ),
        },
        "--config": CONFIG,
    },
    examples={
        "tm-exporter completion bash"
        " > ~/.local/share/bash-completion/completions/tm-exporter": "for bash",
        'tm-exporter completion zsh > "${fpath[1]}/_tm-exporter"': "for zsh",
        "tm-exporter completion fish"
        " > ~/.config/fish/completions/tm-exporter.fish": "for fish",
    },
)
