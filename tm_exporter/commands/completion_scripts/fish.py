"""The script by which fish completes the command line."""

from collections.abc import Iterator, Sequence
from shlex import quote

from tm_exporter.commands.completion_words import ASK, Line, Value


_HEAD = f"""\
# Completes tm-exporter; written by `tm-exporter completion fish`.
function __tm_exporter_names
    set -l words (commandline -opc)
    set -l config
    if set -l place (contains -i -- --config $words)
        set config --config $words[(math $place + 1)]
    end
    {ASK} $argv[1] $config 2>/dev/null
end
complete -c tm-exporter -f"""


def fish(lines: Sequence[Line]) -> str:
    """Return the script for fish 3."""
    return "\n".join([_HEAD, *(text for line in lines for text in _completes(line))])


def _completes(line: Line) -> Iterator[str]:
    """Yield a command of fish for each thing that can follow."""
    when = f"complete -c tm-exporter -n {quote(_condition(line))}"
    for word, about in line.words.items():
        yield f"{when} -a {word} -d {_quoted(about)}"
    if line.argument and line.argument.words:
        yield f"{when} -a {_quoted(' '.join(line.argument.words))}"
    for option in line.options:
        name = option.name.removeprefix("--")
        value = "" if option.value is None else _value(option.value)
        yield f"{when} -l {name} {value} -d {_quoted(option.about)}"


def _condition(line: Line) -> str:
    """Return by what fish knows that it is at this line."""
    seen = [f"__fish_seen_subcommand_from {word}" for word in line.path]
    if line.words:
        seen.append(f"not __fish_seen_subcommand_from {' '.join(line.words)}")
    return "; and ".join(seen)


def _value(value: Value) -> str:
    if value.is_file:
        return "-r -F"
    if value.names:
        return f"-x -a '(__tm_exporter_names {value.names})'"
    return f"-x -a {_quoted(' '.join(value.words))}" if value.words else "-x"


def _quoted(text: str) -> str:
    """Return a text in quotes, in which only two letters mean something to fish."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
