from __future__ import annotations

import base64
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from bot.settings import DatabaseSettings, DiscordSettings, Settings, SettingsError, load_settings

# Made up, in the shape of a real one.
TOKEN = f"{base64.b64encode(b'123456789012345678').decode()}.GabcdE.{'x' * 38}"


@pytest.fixture(autouse=True)
def no_settings_from_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LYCEUM__DISCORD__TOKEN", raising=False)


def write(text: str) -> Path:
    path = Path("config.toml")
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert TOKEN not in sentence
    assert caught.value.__cause__ is None
    return sentence


def test_a_file_with_only_a_token_is_enough() -> None:
    settings = load_settings(write(f'[discord]\ntoken = "{TOKEN}"\n'))
    assert settings.discord.token.get_secret_value() == TOKEN
    assert settings.database.url == "sqlite:///data/lyceum.db"
    assert (settings.log.level, settings.log.format) == ("INFO", "text")
    assert settings.discord.message_content is False


def test_the_environment_overrides_the_file_key_by_key(monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(f'[discord]\ntoken = "{TOKEN}"\nmessage_content = true\n[log]\nlevel = "DEBUG"\n')
    monkeypatch.setenv("LYCEUM__DISCORD__MESSAGE_CONTENT", "false")
    monkeypatch.setenv("LYCEUM__DATABASE__URL", "postgresql://lyceum@localhost/lyceum")
    settings = load_settings(path)
    assert settings.discord.message_content is False
    assert settings.discord.token.get_secret_value() == TOKEN
    assert settings.database.url == "postgresql://lyceum@localhost/lyceum"
    assert settings.log.level == "DEBUG"


def test_the_environment_alone_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LYCEUM__DISCORD__TOKEN", TOKEN)
    assert load_settings().discord.token.get_secret_value() == TOKEN


def test_a_file_saved_with_a_byte_order_mark_is_read() -> None:
    Path("config.toml").write_bytes(b"\xef\xbb\xbf" + f'[discord]\ntoken = "{TOKEN}"'.encode())
    assert load_settings().discord.token.get_secret_value() == TOKEN


def test_without_file_and_environment_the_sentence_says_where_a_token_comes_from() -> None:
    sentence = refusal()
    assert "no Discord token" in sentence
    assert "config.example.toml" in sentence
    assert "LYCEUM__DISCORD__TOKEN" in sentence


def test_a_file_that_was_named_must_exist() -> None:
    assert "There is no elsewhere.toml" in refusal(Path("elsewhere.toml"))


def test_a_command_that_never_talks_to_discord_needs_no_token() -> None:
    assert load_settings(needs_token=False).discord.token.get_secret_value() == ""


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("", "There is no Discord token"),
        ("paste-your-token-here", "three parts"),
        ("Bot " + TOKEN, 'remove the word "Bot"'),
        (TOKEN + " ", "spaces"),
        (TOKEN.replace(".", ""), "three parts"),
        (f"<{TOKEN}>", "three parts"),
    ],
)
def test_a_token_that_cannot_be_one_is_refused_without_repeating_it(token: str, said: str) -> None:
    sentence = refusal(write(f'[discord]\ntoken = "{token}"\n'))
    assert said in sentence
    assert len(token) < 5 or token not in sentence


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[discord]\ntokn = "x"', "did you mean token?"),
        ('[discrod]\ntoken = "x"', "did you mean discord?"),
        ('token = "x"', "token; it knows discord, database, log"),
        ('discord = "x"', "[discord]"),
        ('[discord]\nmessage_content = "perhaps"', "message_content in [discord]"),
        ("[discord]\ntoken = 5", "token in [discord]"),
        ('[log]\nlevel = "LOUD"', "must be one of"),
        ('[log]\nformat = "xml"', "format in [log]"),
        ('[database]\nurl = "mysql://host/name"', "url in [database]"),
        ('[database]\nurl = "data/lyceum.db"', "url in [database]"),
        ('[database]\nurl = ""', "url in [database]"),
        (f'[support]\ncontact = "{201 * "x"}"', "contact in [support]"),
        (f'[support]\ncontact = "{201 * "x"}"', "at most 200 characters"),
        ("[health]\nport = 99999", "port in [health]"),
        ("[backup]\nkep = 3", "did you mean keep?"),
    ],
)
def test_every_mistake_is_one_sentence_that_names_the_key(text: str, said: str) -> None:
    assert said in refusal(write(text))


def test_broken_toml_is_reported_by_its_place_and_not_by_its_text() -> None:
    sentence = refusal(write(f"[discord]\ntoken = {TOKEN}\n"))
    assert "line 2" in sentence
    assert "quotes" in sentence


def test_a_token_in_the_place_of_a_key_is_not_repeated() -> None:
    for text in (f'"{TOKEN}" = 1', f'[discord]\n"{TOKEN}" = 1', f"[discord.{TOKEN.split('.')[2]}]"):
        sentence = refusal(write(text))
        assert TOKEN.split(".")[2] not in sentence


def test_a_database_password_is_never_shown() -> None:
    sentence = refusal(write('[database]\nurl = "mysql://lyceum:hunter2@host/name"'))
    assert "hunter2" not in sentence
    assert "hunter2" not in repr(DatabaseSettings(url="postgresql://lyceum:hunter2@host/name"))


@pytest.mark.parametrize("variable", ["LYCEUM__DISCRD__TOKEN", "LYCEUM__TOKEN", "lyceum__discord__tokn"])
def test_a_misspelt_environment_variable_is_refused(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "x")
    assert "LYCEUM__" in refusal(write(f'[discord]\ntoken = "{TOKEN}"'))


def test_an_environment_variable_for_a_whole_section_that_is_no_json_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LYCEUM__DISCORD", TOKEN)
    assert "LYCEUM__DISCORD__TOKEN" in refusal()


def test_a_file_that_is_no_text_and_a_folder_are_refused(tmp_path: Path) -> None:
    Path("config.toml").write_bytes(b"\xff\xfe\x00\x01")
    assert "UTF-8" in refusal()
    assert "cannot be read" in refusal(tmp_path)


def test_settings_made_directly_ignore_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LYCEUM__DATABASE__URL", "sqlite:///elsewhere.db")
    assert Settings().database.url == "sqlite:///data/lyceum.db"


def test_settings_are_frozen_and_hide_the_token() -> None:
    settings = Settings(discord=DiscordSettings(token=SecretStr(TOKEN)))
    assert TOKEN not in repr(settings)
    with pytest.raises(ValidationError):
        settings.discord = DiscordSettings()  # pyright: ignore[reportAttributeAccessIssue] - that it fails is the test
