"""What bash, zsh and fish complete with a script, asked of the real shells."""

import os
import pty
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.e2e.prometheus import ROOT
from tests.e2e.waiting import eventually


PARTS = ROOT / ".tools" / "terminal"

_BASH = """\
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
[[ ${COMP_WORDS[COMP_CWORD]} == = ]] && current='' || current=${COMP_WORDS[COMP_CWORD]}
compopt() { :; }
_tm_exporter tm-exporter "$current" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
_ZSH = """\
module_path=({root}/usr/lib/x86_64-linux-gnu/zsh/5.9)
fpath=({root}/usr/share/zsh/functions/**/*(/))
autoload -Uz compinit && compinit -u -D
source {script}
compadd() {{
    local -a hits
    if [[ ${{@[1,(i)(-|--)]}} != *-(O|A|D)\\ * ]]; then
        builtin compadd -A hits "$@"
        print -l -- $hits >>{hits}
    fi
    builtin compadd "$@"
}}
tell_that_it_is_done() {{ print done >>{hits}; }}
complete_and_tell() {{ comppostfuncs=(tell_that_it_is_done); zle complete-word; }}
zle -N complete_and_tell
bindkey '^I' complete_and_tell
print ready >{hits}
"""


def bash(script: Path, words: Sequence[str], home: Path) -> set[str]:
    """Return what bash offers for the last of these words."""
    command = ["bash", "--norc", "-c", _BASH, "bash", str(script), *words]
    return set(_printed(command, home, _environment(home)))


def fish(script: Path, words: Sequence[str], home: Path) -> set[str]:
    """Return what fish offers for the last of these words."""
    share = PARTS / "usr/share/fish"
    text = (
        f"set fish_function_path {share}/functions; source {script};"
        f" complete -C '{' '.join(words)}'"
    )
    libraries = {"LD_LIBRARY_PATH": str(PARTS / "usr/lib/x86_64-linux-gnu")}
    command = [str(part("usr/bin/fish")), "--no-config", "-c", text]
    lines = _printed(command, home, {**_environment(home), **libraries})
    return {line.partition("\t")[0] for line in lines}


def zsh(script: Path, words: Sequence[str], home: Path) -> set[str]:
    """Return what zsh offers for the last of these words: it asks for a terminal."""
    hits = home / "hits"
    setup = home / "setup.zsh"
    setup.write_text(_ZSH.format(root=PARTS, script=script, hits=hits))
    keyboard, terminal = pty.openpty()
    with subprocess.Popen(  # noqa: S603 -- the real shell
        [part("bin/zsh"), "-f", "-i"],
        stdin=terminal,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_environment(home),
        cwd=home,
        start_new_session=True,
    ) as shell:
        try:
            os.write(keyboard, f"source {setup}\n".encode())
            eventually(hits.exists, within=20, what="zsh")
            os.write(keyboard, f"{' '.join(words)}\t".encode())
            lines = eventually(lambda: _done(hits), within=20, what="completion")
        finally:
            shell.kill()
            os.close(keyboard)
            os.close(terminal)
    return set(lines) - {"", "ready", "done"}


def _done(hits: Path) -> list[str]:
    lines = hits.read_text().splitlines()
    return lines if "done" in lines else []


def part(name: str) -> Path:
    """Return a program that `make parts` fetched."""
    path = PARTS / name
    assert path.is_file(), f"{path} is missing: run make parts"
    return path


def _environment(home: Path) -> dict[str, str]:
    path = f"{home}/bin:{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(home), "TERM": "dumb", "LC_ALL": "C.UTF-8"}


def _printed(
    command: Sequence[str], folder: Path, environment: dict[str, str]
) -> Sequence[str]:
    done = subprocess.run(  # noqa: S603 -- the real shell
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


ASK = {"bash": bash, "fish": fish, "zsh": zsh}
"""By shell."""
