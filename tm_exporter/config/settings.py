"""The whole configuration, as the daemon uses it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import AfterValidator, PrivateAttr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from tm_exporter.config.fault import fault_at
from tm_exporter.config.layer import Layer, LayerSource
from tm_exporter.config.sections import (
    BudgetSection,
    DefaultSlo,
    LeaseSection,
    LogSection,
    ServerSection,
    ShardSection,
)
from tm_exporter.config.shape import without_nulls
from tm_exporter.config.shard import own
from tm_exporter.config.target import Target
from tm_exporter.config.text import FileName
from tm_exporter.config.urls import page_url
from tm_exporter.config.window import WindowSection
from tm_exporter.config.wording import nearest
from tm_exporter.process.event_loop import Kind
from tm_exporter.section import PriceUnit


class Settings(BaseSettings):
    """
    Everything that can be configured.

    Built from `layers`, the highest precedence first: nothing is read from the
    process or the disk here. Targets come as a mapping by name, so that layers
    meet at the same target, or as the list which a user writes.
    """

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,  # the input may hold a key
        use_attribute_docstrings=True,
    )

    server: ServerSection = ServerSection()
    """The HTTP server for Prometheus and people."""

    log: LogSection = LogSection()
    """What is logged, and how it looks."""

    event_loop: Kind = "auto"
    """`auto` takes uvloop where it is installed; `asyncio` never does."""

    state_dir: FileName | None = None
    """Directory of ledger, last-known values and histories."""

    canary_budget: BudgetSection = BudgetSection()
    """A hard cap on what the exporter's own paid requests may cost."""

    price_unit: PriceUnit = "per_million"
    """How the numbers of the price list are read."""

    targets_from: tuple[str, ...] = ()
    """Globs of files with more targets, relative to the configuration file."""

    targets: tuple[Target, ...] = ()
    """Whom to probe."""

    slo: DefaultSlo = DefaultSlo()
    """Objectives of chat_stream; other probes and models opt in by their own."""

    maintenance: tuple[WindowSection, ...] = ()
    """When failures are expected."""

    lease: LeaseSection = LeaseSection()
    """Which of several instances sends the paid requests."""

    shard: ShardSection = ShardSection()
    """Which part of the targets is this instance's."""

    reference_url: Annotated[str, AfterValidator(page_url)] | None = None
    """An independent address, to tell our own network's faults apart."""

    _elsewhere: tuple[Target, ...] = PrivateAttr(default=())

    @classmethod
    def of(cls, layers: Sequence[Layer]) -> "Settings":
        """
        Return the settings that layers amount to.

        Args:
            layers: Highest precedence first.

        Raises:
            ValidationError: With every mistake, located by index in lists.
        """
        handed: dict[str, Any] = {"layers": layers}
        return cls(**handed)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - ours knows target names
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the layers that were handed in, and nothing from the process."""
        given = (
            init_settings.init_kwargs
            if isinstance(init_settings, InitSettingsSource)
            else {}
        )
        return tuple(LayerSource(settings_cls, layer) for layer in given["layers"])

    @model_validator(mode="before")
    @classmethod
    def _null_is_nothing(cls, data: Any) -> Any:
        return without_nulls(cls, data)

    @field_validator("targets", mode="before")
    @classmethod
    def _targets_as_list(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return [_named(name, target) for name, target in value.items()]

    @field_validator("targets_from", mode="before")
    @classmethod
    def _one_glob_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("targets")
    @classmethod
    def _accounts_exist(cls, value: tuple[Target, ...]) -> tuple[Target, ...]:
        accounts = [t.name for t in value if t.surface == "control_plane"]
        for index, target in enumerate(value):
            if target.account is not None and target.account not in accounts:
                hint = nearest(target.account, accounts) or _there_are(accounts)
                sentence = f"no control_plane target has this name{hint}"
                raise fault_at((index, "account"), sentence)
        return value

    @model_validator(mode="after")
    def _windows_name_targets(self) -> Self:
        names = [target.name for target in self.targets]
        for index, window in enumerate(self.maintenance):
            for place, name in enumerate(window.targets):
                if name not in names:
                    raise fault_at(
                        ("maintenance", index, "targets", place),
                        f"no target has the name `{name}`{nearest(name, names)}",
                    )
        return self

    @property
    def accounts(self) -> Mapping[str, Target]:
        """The control_plane targets, by name, on whichever shard."""
        known = (*self.targets, *self._elsewhere)
        return {t.name: t for t in known if t.surface == "control_plane"}

    def of_shard(self) -> "Settings":
        """Return the same with this shard's targets only; all accounts stay known."""
        names = own((target.name for target in self.targets), self.shard)
        ours = tuple(target for target in self.targets if target.name in names)
        settings = self.model_copy(update={"targets": ours})
        settings._elsewhere = tuple(  # noqa: SLF001 -- one of this class, just made
            account for account in self.accounts.values() if account.name not in names
        )
        return settings

    def account_of(self, target: Target) -> Target | None:
        """Return the control_plane target that pays for a target, if it is known."""
        return _payer(target, self.accounts)

    def payers(self) -> dict[str, Target | None]:
        """Return the same for all targets, by name."""
        accounts = self.accounts
        return {target.name: _payer(target, accounts) for target in self.targets}


def _payer(target: Target, accounts: Mapping[str, Target]) -> Target | None:
    if target.account is not None:
        return accounts[target.account]
    return next(iter(accounts.values())) if len(accounts) == 1 else None


def _there_are(accounts: Sequence[str]) -> str:
    """Return what could have been meant, if that is not far."""
    return f": there are {', '.join(accounts)}" if accounts else ": there is none"


def _named(name: str, target: Any) -> Any:
    return {**target, "name": name} if isinstance(target, Mapping) else target
