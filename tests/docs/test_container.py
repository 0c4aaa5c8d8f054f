"""``compose.yaml`` and ``Dockerfile``, read as Docker would read them: paths, users, variables, the health check."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from bot import process
from storage.database import parse_url
from tests.docs.command_lines import is_setting, lyceum
from tests.docs.pages import PROJECT


def compose() -> dict[str, Any]:
    """The file as nested mappings. It knows what the file uses (mappings, lists, values on the line) and no more."""
    root: dict[str, Any] = {}
    open_at: list[tuple[int, Any]] = [(-1, root)]
    lines = (PROJECT / "compose.yaml").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        depth, item = len(line) - len(line.lstrip()), line.strip()
        while open_at[-1][0] >= depth:
            open_at.pop()
        above = open_at[-1][1]
        if item.startswith("- "):
            above.setdefault("-", []).append(item[2:])
            continue
        key, colon, value = item.partition(":")
        assert colon and re.fullmatch(r"\w+", key), f"cannot be read: {line}"
        above[key] = _value(value.strip()) if value.strip() else {}
        open_at.append((depth, above[key]))
    return root


def _value(text: str) -> Any:
    if not text.startswith("["):
        return text.strip('"')
    return (
        json.loads(re.sub(r"(?<=[\[ ])([\w/.]+)(?=[,\]])", r'"\1"', text))
        if '"' not in text
        else json.loads(text)
    )


def dockerfile() -> list[tuple[str, str]]:
    """Instructions and what stands behind them."""
    text = (PROJECT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.partition(" ")[0], " ".join(line.partition(" ")[2].split())) for line in lines]


def last(instruction: str) -> str:
    return [value for name, value in dockerfile() if name == instruction][-1]


def variables(text: str) -> dict[str, str]:
    return dict(re.findall(r"(\w+)=(\S+)", text))


def test_the_service_writes_on_its_named_volume_alone() -> None:
    file = compose()
    service = file["services"]["lyceum"]
    [volume] = service["volumes"]["-"]
    name, _, place = volume.partition(":")
    assert name in file["volumes"] and place == last("VOLUME") == last("WORKDIR")
    assert service["read_only"] == "true" and service["tmpfs"] == ["/tmp"] and service["cap_drop"] == ["ALL"]
    database = parse_url(variables(last("ENV"))["LYCEUM__DATABASE__URL"])
    assert str(database.database).startswith(f"{place}/")
    made = re.search(r"install -d -o (\w+) -g \w+ (\S+)", last("RUN"))
    assert made is not None and made.groups() == (last("USER"), place), (
        "the volume takes over who owns the folder"
    )
    assert (
        f"useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin {last('USER')}"
        in last("RUN")
    )


def test_the_variables_are_settings_and_the_token_is_asked_for() -> None:
    environment = compose()["services"]["lyceum"]["environment"]
    image = variables(last("ENV"))
    assert all(is_setting(name) for name in (*environment, *image) if name.startswith("LYCEUM"))
    assert environment["LYCEUM__DISCORD__TOKEN"].startswith("${LYCEUM__DISCORD__TOKEN:?")


def test_the_image_is_built_from_what_there_is_and_runs_lyceum() -> None:
    kept = {
        line[1:]
        for line in (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line[0] == "!"
    }
    assert {
        "requirements.lock",
        "pyproject.toml",
        "bot",
        "cogs",
        "storage",
        "sandbox",
        "README.md",
        "LICENSE",
    } == kept
    assert all((PROJECT / each).exists() for each in kept)
    assert json.loads(last("ENTRYPOINT")) == ["lyceum"]
    assert lyceum(json.loads(last("CMD"))) is None


def test_it_is_given_the_time_to_end() -> None:
    grace = compose()["services"]["lyceum"]["stop_grace_period"]
    assert int(grace.removesuffix("s")) > process.HARD_LIMIT_SECONDS


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A health endpoint that answers so; yields its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_health_check_follows_the_endpoint() -> None:
    service = compose()["services"]["lyceum"]
    kind, program, flag, code = service["healthcheck"]["test"]
    assert (kind, program, flag) == ("CMD", "python", "-c")
    port = service["environment"]["LYCEUM__HEALTH__PORT"]
    assert code.count(f"127.0.0.1:{port}/") == 1
    for status, is_well in ((200, True), (503, False)):
        with answering(status) as free:
            ended = subprocess.run(
                [sys.executable, "-c", code.replace(f":{port}/", f":{free}/")],
                capture_output=True,
                check=False,
            )
        assert (ended.returncode == 0) is is_well
