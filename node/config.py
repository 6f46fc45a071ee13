"""What a node is told: flags, then environment, then `config.toml`, then defaults.

A home folder holds

    config.toml       what this page describes
    genesis.json      the network: committee, allocations, limits
    node_key.json     the node's Ed25519 key (mode 0600)
    coin_share.json   a validator's share of the network's common coins, if its engine tosses such
                      (mode 0600)
    network_ca.pem    who may speak on the network; node_cert.pem: this node's certificate
    data/db           LevelDB;  data/journal: the engine's durable records
    data/events       the event log; may be deleted, readers of events then start anew

Unknown keys in the file and unknown `QUORATE_…` variables are errors, so that a misspelt setting is
never silently a default. Environment names follow the sections: `QUORATE_API__PORT=8080`.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from node.errors import NodeError

CONFIG_FILE = "config.toml"
ENVIRONMENT_PREFIX = "QUORATE_"
SECTION_DELIMITER = "__"
COMMAND_VARIABLES = frozenset({"QUORATE_URL"})
"""Read by commands that speak to a node, which may share their environment with it."""

Port: TypeAlias = Annotated[int, Field(ge=0, le=65535)]
Count: TypeAlias = Annotated[int, Field(ge=1, le=2**31 - 1)]
Milliseconds: TypeAlias = Annotated[int, Field(ge=0, le=3_600_000)]


class ConfigError(NodeError):
    """The configuration cannot be used; the reason says why, the advice what to do next."""

    reason = "config-error"


class Section(BaseModel):
    """A table of `config.toml`: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Seed(Section):
    """A peer to call: its node key (64 hex digits) and `host:port`."""

    public_key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    address: Annotated[str, Field(pattern=r"^.+:[0-9]{1,5}$")]


class P2P(Section):
    """`[p2p]`: where peers reach this node, and whom it calls. Port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: Port = 26656
    seeds: tuple[Seed, ...] = ()


class Api(Section):
    """`[api]`: the HTTP API and metrics; on loopback unless told. Port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: Port = 26657


class MempoolSection(Section):
    """`[mempool]`: what may wait, in transactions, bytes, and transactions of one account."""

    count_max: Count = 200_000
    size_bytes_max: Count = 128 * 1024 * 1024
    per_account_max: Count = 10_000


class Mining(Section):
    """`[mining]`: processes that look for proofs of work, where the network asks for them.

    None by default: whoever mines pays for it. `nice` lowers their priority (19: whatever is left).
    """

    workers: Annotated[int, Field(ge=0, le=256)] = 0
    nice: Annotated[int, Field(ge=0, le=19)] = 19


class Events(Section):
    """`[events]`: what `/v1/events` keeps for those who resume, and how many it serves at once."""

    enabled: bool = True
    """Without it nothing is written down, and nobody can subscribe."""
    subscribers_max: Annotated[int, Field(ge=1, le=16_384)] = 1_024
    records_max: Count = 200_000
    """A block is two of them, a batch of admitted transactions is one."""
    size_bytes_max: Count = 64 * 1024 * 1024


class Log(Section):
    """`[log]`: `auto` writes for people on a terminal and JSON lines elsewhere.

    Without a `file` (relative to the home) lines go to standard error, and whoever reads that bounds
    it. A file that has reached `size_bytes_max` becomes `FILE.1`, and so on; there are never more
    than `files_max`.
    """

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"
    file: Path | None = None
    size_bytes_max: Annotated[int, Field(ge=64 * 1024, le=2**40)] = 16 * 1024 * 1024
    files_max: Annotated[int, Field(ge=2, le=1_000)] = 5


class MetricsSection(Section):
    """`[metrics]`: without counting, `/metrics` shows only what can be read when it is asked for."""

    enabled: bool = True


class Sync(Section):
    """`[sync]`: catch-up, in heights asked for at once and the wait for one answer."""

    heights_per_request_max: Annotated[int, Field(ge=1, le=1_000)] = 64
    request_timeout_ms: Milliseconds = 5_000


class Batch(Section):
    """`[batch]`: how long work is gathered before it is passed on, and how much of it."""

    proposal_delay_ms: Milliseconds = 50
    proposal_count_max: Count = 1_000
    """Transactions in one proposal of this node; the network's own limit may be lower."""
    gossip_delay_ms: Milliseconds = 5


class Config(BaseSettings):
    """Everything one node is told, frozen. Made by `load_config`."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter=SECTION_DELIMITER,
        nested_model_default_partial_update=True,
    )

    home: Path
    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\w.-]+$")] = "node"
    role: Literal["validator", "follower"] = "validator"
    event_loop: Literal["auto", "asyncio", "uvloop"] = "auto"
    """`auto` takes uvloop where it is installed."""
    allow_beyond_bound: bool = False
    """Run an engine outside the bound of its theorem: for demonstrations only."""
    p2p: P2P = P2P()
    api: Api = Api()
    mempool: MempoolSection = MempoolSection()
    mining: Mining = Mining()
    events: Events = Events()
    log: Log = Log()
    metrics: MetricsSection = MetricsSection()
    sync: Sync = Sync()
    batch: Batch = Batch()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, environment, the home's `config.toml`; nothing else is read."""
        del dotenv_settings, file_secret_settings
        assert isinstance(init_settings, InitSettingsSource)
        path = Path(init_settings.init_kwargs["home"]) / CONFIG_FILE
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, path)

    @property
    def genesis_path(self) -> Path:
        """The network's `genesis.json`."""
        return self.home / "genesis.json"

    @property
    def key_path(self) -> Path:
        """The node's private key file."""
        return self.home / "node_key.json"

    @property
    def coin_share_path(self) -> Path:
        """The validator's secret share of common coins."""
        return self.home / "coin_share.json"

    @property
    def ca_path(self) -> Path:
        """The network's certificate authority (certificate only)."""
        return self.home / "network_ca.pem"

    @property
    def certificate_path(self) -> Path:
        """This node's certificate."""
        return self.home / "node_cert.pem"

    @property
    def data_path(self) -> Path:
        """Where everything that the node writes stands."""
        return self.home / "data"

    @property
    def database_path(self) -> Path:
        """The LevelDB folder."""
        return self.data_path / "db"

    @property
    def log_path(self) -> Path | None:
        """The log file, if it is not standard error."""
        return None if self.log.file is None else self.home / self.log.file

    @property
    def events_path(self) -> Path:
        """The event log's folder."""
        return self.data_path / "events"

    @property
    def journal_path(self) -> Path:
        """The engine's journal file."""
        return self.data_path / "journal"


def load_config(home: Path | str, flags: Mapping[str, object] | None = None) -> Config:
    """Read the configuration of the node that lives in `home`.

    `flags` maps dotted names (`api.port`) to values; None means that the flag was not given.
    Raises `ConfigError` with the reason `config-missing`, `config-not-toml`, `config-unknown-key`,
    `config-unknown-variable` or `config-bad-value`.
    """
    folder = Path(home).expanduser().resolve()
    check_file(folder / CONFIG_FILE)
    check_environment(os.environ)
    try:
        return Config(home=folder, **nest_flags(flags or {}))
    except ValidationError as error:
        raise explain(error, folder / CONFIG_FILE) from error
    except SettingsError as error:
        raise ConfigError(
            str(error),
            reason="config-bad-value",
            advice=f"write {ENVIRONMENT_PREFIX}… lists and tables as JSON",
        ) from error


def nest_flags(flags: Mapping[str, object]) -> dict[str, Any]:
    """`{"api.port": 1}` as `{"api": {"port": 1}}`, without what was not given."""
    nested: dict[str, Any] = {}
    for name, value in flags.items():
        if value is None:
            continue
        *sections, key = name.split(".")
        table = nested
        for section in sections:
            table = table.setdefault(section, {})
        table[key] = value
    return nested


def check_file(path: Path) -> None:
    """Refuse a missing, unreadable or malformed file, and keys that belong to the folder itself."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            f"there is no {path}",
            reason="config-missing",
            advice="make a home with `quorate node init`, or name another one with --home",
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}", reason="config-not-toml", advice="mend the file"
        ) from error
    if "home" in table:
        raise ConfigError(
            f"{path} names `home`, which is the folder it stands in",
            reason="config-unknown-key",
            advice="remove the key `home`",
        )


def variable_names(model: type[BaseModel] = Config, prefix: str = "") -> Iterator[str]:
    """Every environment variable that is read, upper-case."""
    for name, field in model.model_fields.items():
        full = f"{prefix}{name}".upper()
        yield ENVIRONMENT_PREFIX + full
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from variable_names(field.annotation, full + SECTION_DELIMITER)


def check_environment(environment: Mapping[str, str]) -> None:
    """Refuse a `QUORATE_…` variable that nothing reads.

    Raises `ConfigError` with the reason `config-unknown-variable`.
    """
    known = {*variable_names(), *COMMAND_VARIABLES}
    given = (name for name in environment if name.upper().startswith(ENVIRONMENT_PREFIX))
    unknown = sorted(name for name in given if name.upper() not in known)
    if unknown:
        raise ConfigError(
            f"unknown environment variable {', '.join(unknown)}",
            reason="config-unknown-variable",
            advice=f"unset it, or use one of {', '.join(sorted(known))}",
        )


def explain(error: ValidationError, path: Path) -> ConfigError:
    """One line per fault, with the dotted key; unknown keys first."""
    faults = sorted(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
    lines = []
    for fault in faults:
        key = ".".join(str(part) for part in fault["loc"])
        unknown = fault["type"] == "extra_forbidden"
        lines.append(f"unknown key `{key}`" if unknown else f"`{key}`: {fault['msg']}")
    reason = "config-unknown-key" if "unknown key" in lines[0] else "config-bad-value"
    return ConfigError(
        "; ".join(lines),
        reason=reason,
        advice=f"mend {path}, or the flag or {ENVIRONMENT_PREFIX}… variable of that name",
    )
