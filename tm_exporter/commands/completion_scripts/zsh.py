"""The script by which zsh completes the command line."""

from collections.abc import Iterator, Sequence
from shlex import quote

from tm_exporter.commands.completion_words import ASK, Line, Option, Value


_NAMES = f"""\
_tm_exporter_names() {{
    local -a config names
    (( ${{+opt_args[--config]}} )) && config=(--config ${{(Q)~opt_args[--config]}})
    names=("${{(@f)$({ASK} $1 $config 2>/dev/null)}}")
    compadd -a names
}}"""


def zsh(lines: Sequence[Line]) -> str:
    """Return the script for zsh 5: a function for each line, which calls the next."""
    return "\n".join(
        [
            "#compdef tm-exporter",
            "# Completes tm-exporter; written by `tm-exporter completion zsh`.",
            _NAMES,
            *(text for line in lines for text in _function(line)),
            'if [[ "$funcstack[1]" == _tm-exporter ]]; then',
            '    _tm_exporter "$@"',
            "else",
            "    compdef _tm_exporter tm-exporter",
            "fi",
        ]
    )


def _function(line: Line) -> Iterator[str]:
    name = "_".join(["_tm_exporter", *line.path])
    specs = " ".join(_specs(line))
    yield f"{name}() {{"
    if line.words:
        yield "    local curcontext=$curcontext state line"
        yield f"    local -a next=({' '.join(_described(line.words))})"
        yield f"    _arguments -C {specs} '1: :->word' '*:: :->rest'"
        yield "    case $state in"
        yield "        word) _describe command next ;;"
        yield f"        rest) (( $+functions[{name}_$line[1]] )) && {name}_$line[1] ;;"
        yield "    esac"
    else:
        yield f"    _arguments {specs}"
    yield "}"


def _described(words: dict[str, str]) -> Iterator[str]:
    for word, about in words.items():
        yield quote(f"{word}:{about}")


def _specs(line: Line) -> Iterator[str]:
    for option in line.options:
        yield quote(_spec(option))
    if line.argument is not None:
        yield quote(f"*: :{_action(line.argument)}")


def _spec(option: Option) -> str:
    about = "".join(letter for letter in option.about if letter not in "[]:")
    if option.value is None:
        return f"{option.name}[{about}]"
    return f"{option.name}=[{about}]: :{_action(option.value)}"


def _action(value: Value) -> str:
    if value.is_file:
        return "_files"
    if value.names:
        # The space keeps options of its own out of the call.
        return f" _tm_exporter_names {value.names}"
    return f"({' '.join(value.words)})" if value.words else " "
