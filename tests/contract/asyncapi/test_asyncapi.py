from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import filelock
import platformdirs
import pytest
import yaml

from hub.commands.schemas import app
from hub.contract.asyncapi import ASYNCAPI_FILE, asyncapi_document, render_asyncapi
from hub.contract.cloudevents import cloud_event_headers
from hub.contract.ids import valid_key
from hub.contract.lock import record_name
from hub.contract.topics import CATALOGUE, KeyKind
from hub.errors import ConfigError
from hub.resources import schemas_folder
from tests.command_line import CliRunner

from ..schemas.conftest import AT  # noqa: TID252 - tests of one contract

HERE = Path(__file__).parent
CLI = CliRunner()


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """Folder with the pinned packages: HUB_NODE_MODULES, else installed once per lock file into the user's cache."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    if configured := os.environ.get("HUB_NODE_MODULES"):
        return Path(configured).resolve()
    digest = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = platformdirs.user_cache_path("hub-tests") / f"asyncapi-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(folder / ".lock", timeout=280):
        if not (folder / ".complete").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, folder)
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
            if done.returncode:
                pytest.skip("npm could not fetch the AsyncAPI parser")
            (folder / ".complete").touch()
    return folder


def judged(node_modules: Path, *files: Path) -> dict[str, list[str]]:
    command = ["node", str(HERE / "validate.mjs"), str(node_modules), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    errors: dict[str, list[str]] = json.loads(done.stdout)
    assert done.returncode == int(any(errors.values())), done.stderr
    return errors


def planted(folder: Path, name: str, edit) -> Path:
    document = yaml.safe_load((schemas_folder() / ASYNCAPI_FILE).read_text(encoding="utf-8"))
    edit(document)
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path


def payload(document, record="SchoolAbsence"):
    return document["components"]["messages"][record]["payload"]


def set_type(document, field, kind) -> None:
    next(entry for entry in payload(document)["schema"]["fields"] if entry["name"] == field)["type"] = kind


FAULTS = {
    "a wrong Avro type": (lambda d: set_type(d, "retracted", "boolish"), "boolish"),
    "an enum without symbols": (lambda d: set_type(d, "kind", {"type": "enum", "name": "AbsenceKind"}), "SchoolAbsence"),
    "an Avro version that the parser does not know": (
        lambda d: payload(d).update(schemaFormat="application/vnd.apache.avro;version=1.11.1"),
        "not an Avro format",
    ),
    "a channel that is not there": (
        lambda d: d["operations"]["write.hub.rules.v1"]["channel"].update({"$ref": "#/channels/none"}),
        "none",
    ),
}


@pytest.mark.node
def test_the_public_parser_finds_nothing_wrong_avro_payloads_included(node_modules) -> None:
    path = schemas_folder() / ASYNCAPI_FILE
    assert judged(node_modules, path) == {str(path): []}


@pytest.mark.node
@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_reported(node_modules, tmp_path, name) -> None:
    edit, word = FAULTS[name]
    (errors,) = judged(node_modules, planted(tmp_path, "planted", edit)).values()
    assert any(word in error for error in errors), errors


def test_the_committed_document_is_the_generated_one() -> None:
    assert (schemas_folder() / ASYNCAPI_FILE).read_text(encoding="utf-8") == render_asyncapi(schemas_folder())


def test_payloads_are_the_schemas_themselves() -> None:
    document = yaml.safe_load((schemas_folder() / ASYNCAPI_FILE).read_text(encoding="utf-8"))
    records = {record_name(topic) for topic in CATALOGUE.values()}
    assert document["components"]["messages"].keys() == records
    for record in records:
        assert payload(document, record)["schema"] == json.loads(
            (schemas_folder() / f"{record}.avsc").read_text(encoding="utf-8")
        )


def test_every_topic_is_a_channel_with_its_message_key_and_writer() -> None:
    document = asyncapi_document(schemas_folder())
    assert document["channels"].keys() == CATALOGUE.keys()
    for name, topic in CATALOGUE.items():
        assert list(document["channels"][name]["messages"]) == [record_name(topic)]
        assert document["channels"][name]["x-schema-ids"]
        assert document["operations"][f"write.{name}"]["summary"].startswith("Written by ")


@pytest.mark.parametrize(
    ("kind", "key"), [(KeyKind.YOUTH_REF, "y" + "a" * 32), (KeyKind.AREA, "0581-hageby"), (KeyKind.RULES_VERSION, "2025.1")]
)
def test_key_patterns_are_those_that_the_hub_demands(kind, key) -> None:
    channels = asyncapi_document(schemas_folder())["channels"]
    pattern = next(channels[name]["x-key"]["pattern"] for name, topic in CATALOGUE.items() if topic.key is kind)
    for text in (key, key.upper(), f"{key}!", "", f"{key} "):
        assert (re.search(pattern, text) is not None) == (valid_key(kind, text.encode()) is not None), text


@pytest.mark.parametrize("topic", CATALOGUE.values(), ids=lambda topic: topic.name)
def test_headers_are_as_described(topic) -> None:
    described = asyncapi_document(schemas_folder())["components"]["messages"][record_name(topic)]["headers"]
    written = dict(cloud_event_headers(topic, "id-1", "/town/registry", AT))
    assert sorted(described["required"]) == sorted(written)
    for name, rule in described["properties"].items():
        assert written[name].decode() == rule.get("const", written[name].decode())
        assert re.search(rule.get("pattern", ""), written[name].decode())


def test_the_lock_file_of_packages_names_no_host_to_fetch_from() -> None:
    text = (HERE / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in text
    assert '"integrity"' in text


def test_the_command_finds_a_document_that_is_not_the_generated_one(tmp_path) -> None:
    folder = shutil.copytree(schemas_folder(), tmp_path / "schemas")
    assert CLI.invoke(app, ["check", "--folder", str(folder)]).exit_code == 0
    (folder / ASYNCAPI_FILE).write_text("asyncapi: 3.0.0\n", encoding="utf-8")
    found = CLI.invoke(app, ["check", "--folder", str(folder), "--json"])
    assert found.exit_code == 1
    assert "hub schemas asyncapi" in json.loads(found.stdout)["faults"][0]
    assert CLI.invoke(app, ["asyncapi", "--folder", str(folder)]).exit_code == 0
    assert CLI.invoke(app, ["check", "--folder", str(folder)]).exit_code == 0


def test_the_command_says_what_locking_added(tmp_path) -> None:
    folder = shutil.copytree(schemas_folder(), tmp_path / "schemas")
    assert "Nothing has changed" in CLI.invoke(app, ["lock", "--folder", str(folder)]).stdout
    path = folder / "RuleMarker.avsc"
    schema = json.loads(path.read_text(encoding="utf-8"))
    schema["fields"].append({"name": "note", "type": ["null", "string"], "default": None, "doc": "Code."})
    path.write_text(json.dumps(schema), encoding="utf-8")
    assert "hub.rules.v1-value version 3" in CLI.invoke(app, ["lock", "--folder", str(folder)]).stdout


def test_a_missing_schema_is_a_config_error(tmp_path) -> None:
    folder = shutil.copytree(schemas_folder(), tmp_path / "schemas")
    (folder / "RuleMarker.avsc").unlink()
    with pytest.raises(ConfigError):
        asyncapi_document(folder)
