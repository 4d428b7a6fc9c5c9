"""Prism between a client and a server: it judges both sides by a published OpenAPI document."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import threading
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import filelock
import httpx
import platformdirs
import pytest

FOLDER = Path(__file__).parent
SHARED = Path(os.environ.get("HUB_SHARED", Path(__file__).resolve().parents[4] / "shared"))
_START_SECONDS = 60
_PRISMS_OWN = "stoplight.io/prism/errors"  # in the body of every answer that Prism gives instead of the server's


class Judged(httpx.BaseTransport):
    """The network, with a note of every request and of everything Prism objected to.

    Use it as the transport of the client under test. `operation_of` turns (method, path) into the name to count under.
    """

    def __init__(self, operation_of=lambda method, path: f"{method} {path}"):
        self._inner = httpx.HTTPTransport()
        self._operation_of = operation_of
        self.requests = Counter()
        self.objections = []

    def handle_request(self, request):
        response = self._inner.handle_request(request)
        response.read()
        self.requests[self._operation_of(request.method, request.url.path)] += 1
        if "sl-violations" in response.headers or _PRISMS_OWN in response.text:
            said = response.headers.get("sl-violations") or response.text
            self.objections.append(f"{request.method} {request.url.path} {response.status_code}: {said}")
        return response

    def close(self):
        self._inner.close()


@pytest.fixture(scope="session")
def specification():
    """The path of a published document by file name; skips when it does not lie beside the project."""

    def find(name):
        path = SHARED / "specs" / name
        if not path.is_file():
            pytest.skip(f"{name} does not lie beside the project (HUB_SHARED)")
        return path

    return find


@pytest.fixture(scope="session")
def prism_binary():
    """Prism of the locked version, installed once per lock file into the user's cache; skips without Node.js."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node.js and npm are not on PATH")
    lock = (FOLDER / "package-lock.json").read_bytes()
    folder = platformdirs.user_cache_path("hub") / "node" / hashlib.sha256(lock).hexdigest()[:16]
    script = folder / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
    folder.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(folder / "install.lock"):
        if not (folder / "complete").is_file():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(FOLDER / name, folder / name)
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
            assert done.returncode == 0, done.stderr[-2000:]
            (folder / "complete").write_text(
                json.loads((FOLDER / "package.json").read_text())["dependencies"]["@stoplight/prism-cli"]
            )
    return [node, str(script)]


@pytest.fixture
def prism_before(prism_binary):
    """`with prism_before(document, upstream_url) as url`: Prism as a proxy that refuses what breaks the document."""

    @contextmanager
    def run(document, upstream):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        arguments = ["proxy", "--errors", "-h", "127.0.0.1", "-p", str(port), str(document), upstream]
        process = subprocess.Popen([*prism_binary, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said, listening = [], threading.Event()

        def read():
            for line in process.stdout:
                said.append(line)
                if "Prism is listening" in line:
                    listening.set()

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            assert listening.wait(_START_SECONDS), "".join(said[-20:])
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)
            reader.join(timeout=5)
            process.stdout.close()

    return run
