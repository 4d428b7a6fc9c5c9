"""No password of `hub.toml` is in a backup, however it is written; and it is told which."""

from __future__ import annotations

import tomllib

import pytest

from hub.backup.secrets import without_secrets

SECRET = "s3cr3t-of-the-database"


def test_a_password_in_an_address_is_taken_out_and_told_and_the_rest_stays() -> None:
    content = f"""# an installation
[registry]
database_url = "postgresql+psycopg://hub:{SECRET}@db.kommun.se:5432/registry?sslmode=require"  # the database
port = 8701

[delivery]
database_url = "postgresql+psycopg://hub@db/inbox?password_file=/run/secrets/db"
"""
    changed, told = without_secrets(content)
    assert changed == content.replace(f":{SECRET}@", "@")
    assert told == ["registry.database_url: the password"]


@pytest.mark.parametrize(
    "line",
    [
        f"url = 'postgresql://hub:{SECRET}@db/x'",
        f"url = 'postgresql://hub:{SECRET}/with/slashes@db/x'",
        f"url = 'postgresql://hub@db/x?password={SECRET}&sslmode=require'",
        f"url = 'postgresql://hub@db/x?sslpassword={SECRET}'",
        f"urls = ['postgresql://hub:{SECRET}@db/x']",
        f"client_secret = '{SECRET}'",
        f"api_key = '{SECRET}'",
        f"# url = 'postgresql://hub:{SECRET}@db/x'",
        f'url = """postgresql://hub:{SECRET}@db/x"""',
        f'url = "postgresql\\u003a//hub:{SECRET}@db/x"',
    ],
)
def test_however_it_is_written_no_secret_is_left(line: str) -> None:
    changed, told = without_secrets(f"[some.part]\n{line}\nport = 1\n")
    assert told
    assert changed is None or (SECRET not in changed and tomllib.loads(changed)["some"]["part"]["port"] == 1)


def test_what_holds_no_secret_is_copied_as_it_is() -> None:
    content = 'kafka = "a:9092"  # not ours: mail drift@kommun.se\ntoken_url = "https://x:8443/token"\npassword_file = "/a"\n'
    assert without_secrets(content) == (content, [])


def test_what_is_no_toml_is_left_out_whole() -> None:
    assert without_secrets("= broken") == (None, ["hub.toml: all of it, for it is no TOML"])
