"""Try the JSON Schema in a YAML language server, as an editor does: ``make editor``.

Needs node and the package yaml-language-server; its module is the only argument.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from simran.scenario import json_schema

ROOT = Path(__file__).parents[2]


#: What stands in the file, a slip, and what the editor is to say of it.
SLIPS = (
    ("count: 12", "cuont: 12", "Property cuont is not allowed"),
    ("delay: 3.5 s", "delay: 3.5 J", "Expected a time above 0, such as 3.5 s"),
    ("delay: 3.5 s", "delay: [3.5 s]", "Expected a time above 0, such as 3.5 s"),
    ("delay: 3.5 s", "delay: 0", "0"),
    ("power: 23 dBm", "power: 23 dB", "Expected a power at least 0, such as 23 dBm"),
    ("profile: paper-agent", "profile: paper-agnet", "a name of the catalogue: jetson"),
    ("profile: blip2-opt-2.7b", "profile: blip2", "a name of the catalogue: blip2-opt-2.7b"),
    (
        "rate: 100 Mbit/s",
        "rate: 100 MHz",
        "Expected a data rate above 0, such as 100 Mbit/s, or unlimited",
    ),
    (
        "every: once",
        "every: twice",
        "Expected a time above 0, such as 3.5 s, or once or per-request",
    ),
)


class Server:
    """A language server that is spoken to over its standard input and output."""

    def __init__(self, module: str) -> None:
        self._process = subprocess.Popen(
            ["node", module, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._number = 0

    def tell(self, method: str, params: Any, **extra: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **extra}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        self._process.stdin.flush()

    def ask(self, method: str, params: Any) -> Any:
        self._number += 1
        self.tell(method, params, id=self._number)
        return self.wait(lambda it: it.get("id") == self._number and "method" not in it)["result"]

    def wait(self, wanted: Any) -> dict[str, Any]:
        while True:
            message = self._read()
            if wanted(message):
                return message
            if "id" in message and "method" in message:  # it asks for its configuration
                items = message.get("params", {}).get("items", [])
                body = json.dumps(
                    {"jsonrpc": "2.0", "id": message["id"], "result": [None] * len(items)}
                )
                assert self._process.stdin is not None
                data = body.encode()
                self._process.stdin.write(f"Content-Length: {len(data)}\r\n\r\n".encode() + data)
                self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        length = 0
        while (line := self._process.stdout.readline().strip()) or not length:
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            if not line and self._process.poll() is not None:
                raise SystemExit("the language server has ended")
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        return message

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def diagnostics(server: Server, name: str, text: str) -> list[str]:
    """Return what the editor would underline in a file."""
    uri = f"file:///{name}"
    document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
    server.tell("textDocument/didOpen", {"textDocument": document})
    method = "textDocument/publishDiagnostics"
    said = server.wait(lambda it: it.get("method") == method and it["params"]["uri"] == uri)
    return [it["message"] for it in said["params"]["diagnostics"]]


def main() -> None:
    """Check diagnostics, hover and completion."""
    server = Server(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "schema.json"
        path.write_text(json.dumps(json_schema()))
        server.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        server.tell("initialized", {})
        settings = {"validate": True, "hover": True, "completion": True}
        server.tell("workspace/didChangeConfiguration", {"settings": {"yaml": settings}})
        head = f"# yaml-language-server: $schema={path.as_uri()}\n"
        for scenario in sorted((ROOT / "scenarios").glob("*.yaml")):
            found = diagnostics(server, scenario.name, head + scenario.read_text())
            assert found == [], f"{scenario.name}: {found}"
            print(f"{scenario.name}: nothing underlined")
        text = head + (ROOT / "scenarios/warehouse_contention.yaml").read_text()
        for place, (right, slip, said) in enumerate(SLIPS):
            assert right in text, right
            found = diagnostics(server, f"wrong{place}.yaml", text.replace(right, slip, 1))
            assert len(found) == 1, found
            assert said in found[0], found
            print(f"{slip}: {found[0]}")
        _assist(server, text)
    server.close()


def _assist(server: Server, text: str) -> None:
    lines = text.splitlines()
    line = next(place for place, it in enumerate(lines) if "on_violation" in it)
    where = {"textDocument": {"uri": "file:///warehouse_contention.yaml"}}
    hover = server.ask("textDocument/hover", {**where, "position": {"line": line, "character": 6}})
    assert "no design is feasible" in json.dumps(hover), hover
    at = {"line": line, "character": lines[line].index(": ") + 2}
    offered = server.ask("textDocument/completion", {**where, "position": at})
    labels = {it["label"] for it in offered["items"]}
    assert {"drop", "degrade", "fallback-on-device"} <= labels, labels
    print("hover and completion know on_violation")


if __name__ == "__main__":
    main()
