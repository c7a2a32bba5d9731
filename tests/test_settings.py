from __future__ import annotations

from pathlib import Path

import pytest

from appliance.settings import Settings, SettingsError


def test_later_sources_win(tmp_path: Path) -> None:
    config = tmp_path / "voiceassist.toml"
    config.write_text('host = "10.0.0.1"\nport = 1\nlog_level = "error"\n')
    settings = Settings.load(
        config=config,
        environment={"VOICEASSIST_PORT": "2", "VOICEASSIST_LOG_LEVEL": "debug"},
        flags={"log_level": "warning", "host": None},
    )
    assert (settings.host, settings.port, settings.log_level) == ("10.0.0.1", 2, "warning")


def test_defaults_are_those_of_the_readme() -> None:
    settings = Settings.load(environment={})
    assert (settings.host, settings.port, settings.data_dir) == ("127.0.0.1", 8000, Path("data"))


def test_lists_are_comma_separated() -> None:
    environment = {"VOICEASSIST_TRUSTED_PROXIES": "10.0.0.1, 10.0.0.2,"}
    assert Settings.load(environment=environment).trusted_proxies == ("10.0.0.1", "10.0.0.2")


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"VOICEASSIST_PORT": "http"}, "VOICEASSIST_PORT"),
        ({"VOICEASSIST_PORT": "70000"}, "VOICEASSIST_PORT"),
        ({"VOICEASSIST_REGISTRATION": "maybe"}, "VOICEASSIST_REGISTRATION"),
        ({"VOICEASSIST_PASSWORD_ROUNDS": "4"}, "VOICEASSIST_PASSWORD_ROUNDS"),
        ({"VOICEASSIST_CONFIG": "/nowhere/at.toml"}, "/nowhere/at.toml"),
        ({"VOICEASSIST_LLM_BACKEND": "cloud"}, "VOICEASSIST_LLM_BACKEND"),
        ({"VOICEASSIST_LLM_BACKEND": "openai"}, "^llm_backend = .* needs llm_base_url.$"),
        ({"VOICEASSIST_LLM_BASE_URL": "http://10.0.0.5"}, "^llm_base_url is of use only with"),
        ({"VOICEASSIST_LLM_API_KEY_FILE": "key"}, "^llm_api_key_file is of use only with"),
        (
            {
                "VOICEASSIST_LLM_BACKEND": "openai",
                "VOICEASSIST_LLM_BASE_URL": "http://10.0.0.5",
                "VOICEASSIST_LLM_MODEL": "model.gguf",
            },
            "^llm_model is of use only with",
        ),
    ],
)
def test_what_cannot_be_used_is_named(environment: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        Settings.load(environment=environment)


def test_an_empty_variable_is_as_none() -> None:
    names = ("MODEL", "BASE_URL", "API_KEY_FILE", "CA_FILE", "REMOTE_MODEL")
    settings = Settings.load(environment={f"VOICEASSIST_LLM_{name}": "" for name in names})
    assert (settings.llm_model, settings.llm_base_url) == (None, None)


def test_a_misspelt_variable_is_refused_with_what_was_meant() -> None:
    with pytest.raises(SettingsError, match=r"VOICEASSIST_PROT.*Did you mean VOICEASSIST_PORT"):
        Settings.load(environment={"VOICEASSIST_PROT": "1"})
    assert Settings.load(environment={"UNRELATED": "1"}).port == 8000


def test_an_unknown_name_in_the_file_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "voiceassist.toml"
    config.write_text('hots = "10.0.0.1"\n')
    with pytest.raises(SettingsError, match="no setting named hots"):
        Settings.load(config=config, environment={})


def test_every_setting_is_explained_and_in_the_readme() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert f"`{name}`" in readme, f"{name} is not in the README"


def test_models_lie_beside_the_language_model_unless_it_is_said_where(tmp_path: Path) -> None:
    data = {"VOICEASSIST_DATA_DIR": "/srv/data"}
    model = {"VOICEASSIST_LLM_MODEL": "/srv/llm/a.gguf"}
    folder = {"VOICEASSIST_MODELS_DIR": "/srv/models"}
    for environment, expected in (
        (data, "/srv/data/models"),
        (data | model, "/srv/llm"),
        (data | model | folder, "/srv/models"),
        (data | {"VOICEASSIST_MODELS_DIR": "", "VOICEASSIST_LLM_BACKENDS": ""}, "/srv/data/models"),
    ):
        assert Settings.load(environment=environment).models_folder == Path(expected)
