from pathlib import Path

import pytest
from pydantic import ValidationError

from node.config import Config, ConfigError, check_environment, load_config, variable_names

KEY = "ab" * 32


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text("")
    return tmp_path


def write(home: Path, text: str) -> None:
    (home / "config.toml").write_text(text)


def refuse(home: Path, reason: str, **flags: object) -> str:
    with pytest.raises(ConfigError) as failure:
        load_config(home, flags)
    assert failure.value.reason == reason
    assert failure.value.advice
    return str(failure.value)


def test_defaults_keep_to_loopback(home: Path) -> None:
    config = load_config(home)
    assert (config.api.host, config.p2p.host, config.role) == ("127.0.0.1",) * 2 + ("validator",)
    assert config.home == home.resolve()
    assert config.journal_path == home.resolve() / "data" / "journal"


def test_flags_beat_environment_beats_file_beats_defaults(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home, "[api]\nport = 1111\nhost = '127.0.0.2'\n[p2p]\nport = 2222\n")
    assert load_config(home).api.port == 1111
    monkeypatch.setenv("QUORATE_API__PORT", "3333")
    config = load_config(home)
    assert (config.api.port, config.api.host, config.p2p.port) == (3333, "127.0.0.2", 2222)
    assert load_config(home, {"api.port": 4444}).api.port == 4444
    assert load_config(home, {"api.port": None}).api.port == 3333


def test_seeds_are_read_from_file_and_environment(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = f'public_key = "{KEY}", address = "127.0.0.1:27000"'
    write(home, f"[p2p]\nseeds = [{{ {seed} }}]\n")
    assert load_config(home).p2p.seeds[0].address == "127.0.0.1:27000"
    monkeypatch.setenv("QUORATE_P2P__SEEDS", "[]")
    assert load_config(home).p2p.seeds == ()


def test_it_is_frozen(home: Path) -> None:
    config = load_config(home)
    with pytest.raises(ValidationError):
        config.api.port = 5  # type: ignore[misc]


@pytest.mark.parametrize(
    "text",
    ["colour = 1", "[api]\nprot = 1", "[apis]\nport = 1", "home = '.'", "[p2p.seed]\nx = 1"],
)
def test_an_unknown_key_in_the_file_is_named(home: Path, text: str) -> None:
    write(home, text)
    assert "`" in refuse(home, "config-unknown-key")


@pytest.mark.parametrize(
    "text",
    [
        "[api]\nport = 65536",
        "[api]\nport = -1",
        "[api]\nport = 'x'",
        "role = 'boss'",
        "name = ''",
        "name = 'a b'",
        "api = 5",
        "[mempool]\ncount_max = 0",
        "[p2p]\nseeds = [{ public_key = 'xyz', address = '127.0.0.1:1' }]",
        f"[p2p]\nseeds = [{{ public_key = '{KEY}', address = 'nowhere' }}]",
    ],
)
def test_a_bad_value_is_named(home: Path, text: str) -> None:
    write(home, text)
    refuse(home, "config-bad-value")


def test_an_unknown_flag_is_refused(home: Path) -> None:
    refuse(home, "config-unknown-key", **{"api.prot": 1})


@pytest.mark.parametrize("name", ["QUORATE_API__PROT", "QUORATE_PORT", "QUORATE_API_PORT"])
def test_an_unknown_variable_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "1")
    assert name in refuse(home, "config-unknown-variable")


def test_a_list_in_the_environment_has_to_be_json(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUORATE_P2P__SEEDS", "not json")
    refuse(home, "config-bad-value")


def test_other_variables_are_none_of_our_business() -> None:
    check_environment({"PATH": "x", "QUORATE_API__PORT": "1", "QUORATE_HOME": "y"})


def test_a_node_shares_its_environment_with_commands_that_ask_it() -> None:
    check_environment({"QUORATE_URL": "http://127.0.0.1:26657"})


def test_every_setting_has_a_variable() -> None:
    names = set(variable_names())
    assert {"QUORATE_NAME", "QUORATE_LOG__LEVEL", "QUORATE_HOME"} <= names
    fields = Config.model_fields.values()
    sections = (getattr(field.annotation, "model_fields", ()) for field in fields)
    assert len(names) == sum(1 + len(section) for section in sections)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "config-missing"), ("api = [", "config-not-toml"), (b"\xff", "config-not-toml")],
)
def test_a_file_that_is_missing_or_no_toml(
    tmp_path: Path, content: str | bytes | None, reason: str
) -> None:
    if content is not None:
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / "config.toml").write_bytes(data)
    refuse(tmp_path, reason)
