"""What is to be known of the program as a whole."""

from collections.abc import Mapping


ABOUT = "Monitor the Tensormesh inference service for Prometheus."

ENVIRONMENT: Mapping[str, str] = {
    "TM_EXPORTER_CONFIG": "the configuration file, where --config is left out",
    "TM_EXPORTER_<KEY>__<KEY>": (
        "any setting by its path, such as TM_EXPORTER_SERVER__LISTEN, or"
        " TM_EXPORTER_TARGETS__<NAME>__API_KEY of a target"
    ),
    "TENSORMESH_*": (
        "the vendor's own variables, such as TENSORMESH_INFERENCE_API_KEY,"
        " TENSORMESH_ON_DEMAND_USER_ID and TENSORMESH_CONTROL_PLANE_TOKEN; with these"
        " no file is needed"
    ),
    "TM_CONFIG_HOME": "where the `tm` command keeps its config.toml, which is read too",
    "STATE_DIRECTORY": "where state is kept, if `state_dir` does not say it",
    "HTTPS_PROXY, NO_PROXY": "used where a target has no `proxy_url`",
    "NO_COLOR": "no colours on a terminal",
}
"""By variable: what it is for."""

FILES: Mapping[str, str] = {
    "exporter.yml": (
        "the configuration; any name will do, as --config says which. `tm-exporter"
        " schema` describes it, `tm-exporter check` explains it"
    ),
    "$STATE_DIRECTORY": (
        "the ledger of what was spent, what was last seen, and maintenance; where the"
        " variable is unset, tm-exporter in $XDG_STATE_HOME or ~/.local/state"
    ),
}
"""By file: what it is."""

STATUSES: Mapping[int, str] = {
    0: "fine",
    1: "something failed",
    2: "it could not even be tried; standard error says why",
}
"""By exit status: what it means where a command says nothing else."""
