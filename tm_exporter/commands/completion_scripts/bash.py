"""The script by which bash completes the command line."""

from collections.abc import Iterable, Iterator, Sequence
from shlex import quote

from tm_exporter.commands.completion_words import ASK, Line, Value


def bash(lines: Sequence[Line]) -> str:
    """Return the script for bash 4.1 and newer."""
    return "\n".join(
        [
            "# Completes tm-exporter; written by `tm-exporter completion bash`.",
            "_tm_exporter() {",
            "    local cur=$2 prev=$3 path='' words='' word i config=()",
            "    [[ $cur == = ]] && cur=''",
            "    [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]}",
            "    for ((i = 1; i < COMP_CWORD; i++)); do",
            "        word=${COMP_WORDS[i]}",
            "        case ${COMP_WORDS[i-1]} in",
            '            --config) config=(--config "${word/#\\~/$HOME}"); continue ;;',
            "        esac",
            '        case "${path:+$path }$word" in',
            f"            {_any(map(_quoted_path, lines[1:]))})",
            '                path="${path:+$path }$word" ;;',
            "        esac",
            "    done",
            '    case "$path $prev" in',
            *_values(lines),
            "    esac",
            "    case $path in",
            *_words(lines),
            "    esac",
            '    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")',
            "}",
            "complete -o nosort -F _tm_exporter tm-exporter",
        ]
    )


def _values(lines: Iterable[Line]) -> Iterator[str]:
    for line in lines:
        for option in line.options:
            if option.value is not None:
                yield f"        {quote(' '.join([*line.path, option.name]))})"
                yield f"            {_value(option.value)}"
                yield "            return ;;"


def _value(value: Value) -> str:
    if value.is_file:
        return 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur")'
    words = quote(" ".join(value.words))
    if value.names:
        words = f'"$({ASK} {value.names} "${{config[@]}}" 2>/dev/null)"'
    return f'mapfile -t COMPREPLY < <(compgen -W {words} -- "$cur")'


def _words(lines: Iterable[Line]) -> Iterator[str]:
    for line in lines:
        arguments = line.argument.words if line.argument else ()
        options = (option.name for option in line.options)
        words = quote(" ".join([*line.words, *arguments, *options]))
        yield f"        {_quoted_path(line)}) words={words} ;;"


def _quoted_path(line: Line) -> str:
    return quote(" ".join(line.path))


def _any(patterns: Iterable[str]) -> str:
    return " | ".join(patterns)
