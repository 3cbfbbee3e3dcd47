#!/usr/bin/env python3
"""Records Terraform at work against the simulator, as docs/recording/recording.svg.

`make recording` builds the programs and runs this script. Everything that the picture shows is
typed into a terminal and printed by the programs. Only what differs from run to run is replaced:
the id of the new connector, times and durations. The script needs Terraform 1.11 or later.
"""

import argparse
import json
import os
import pathlib
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from xml.sax.saxutils import escape

ROOT = pathlib.Path(__file__).resolve().parents[2]
COLUMNS, ROWS = 98, 34
CELL, LINE = 8.4, 19
ORGANIZATION = "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430"
# The id that is shown instead of the one that the simulator makes up.
INCIDENTS = "6e1f0c58-4a3b-4c1d-9f27-1b8a5d3e7c90"
HELP_DESK = "b3d0a7e4-92c5-4f68-8e1a-7c4f6d2b9035"

MAIN = """\
resource "webex_cc_custom_connector" "incidents" {
  name                = "Incidents"
  authentication_type = "oauth2"
  resource_domain_url = "https://dev1.service-now.com"
  token_url           = "https://dev1.service-now.com/oauth_token.do"
  client_id           = "contact-center"

  client_secret_wo         = var.client_secret # never in plan or state
  client_secret_wo_version = 1                 # raise it to rotate
}
"""

REST = """\
terraform {
  required_providers {
    webex = {
      source = "SOURCE"
    }
  }
}

provider "webex" {}

variable "client_secret" {
  type      = string
  sensitive = true
  ephemeral = true
}
"""

HELP_DESK_TF = """\
resource "webex_cc_custom_connector" "help_desk" {
  name                = "Help desk"
  resource_domain_url = "https://example.zendesk.com/api/v2/"
  username            = "agent@example.com"
  validation_url      = "https://example.zendesk.com/api/v2/users/me"
}
"""


class Session:
    """A folder with a configuration, a simulator, and a terminal."""

    def __init__(self, folder, programs, url):
        self.folder, self.url, self.ids = folder, url, {}
        cli = os.environ.get("TF_CLI", "terraform")
        version = json.loads(subprocess.check_output([cli, "version", "-json"], text=True))
        self.version = version["terraform_version"]
        provider = (ROOT / "src/provider/mod.rs").read_text()
        source = re.search(r'"(registry\.terraform\.io/)?([a-z0-9-]+/webex)"', provider).group(2)
        # `init` takes the provider from a mirror, as it does after `make install`.
        mirror = folder / "mirror" / "registry.terraform.io" / source
        mirror = mirror / "0.1.0" / version["platform"]
        mirror.mkdir(parents=True)
        program = mirror / "terraform-provider-webex_v0.1.0"
        os.symlink(programs / "terraform-provider-webex", program)
        configuration = folder / "terraform.rc"
        configuration.write_text(
            f'provider_installation {{\n  filesystem_mirror {{ path = "{folder}/mirror" }}\n}}\n'
        )
        self.work = folder / "work"
        self.work.mkdir()
        (self.work / "main.tf").write_text(MAIN)
        (self.work / "provider.tf").write_text(REST.replace("SOURCE", source))
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "TF_CLI_CONFIG_FILE": str(configuration),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "WEBEX_CC_BASE_URL": url,
            "WEBEX_ACCESS_TOKEN": f"simulator-token_{ORGANIZATION}",
            "TF_VAR_client_secret": "first-secret",
        }

    def control(self, method, path, body=None):
        """Calls the control interface of the simulator: what somebody does in Control Hub."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_simulator/{path}", data, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request) as response:
            return json.loads(response.read() or "null")

    def run(self, command):
        """Types a command, and returns what the terminal shows."""
        process, terminal = pty.fork()
        if process == 0:
            os.chdir(self.work)
            size = f"stty cols {COLUMNS} rows {ROWS}; "
            os.execvpe("bash", ["bash", "-c", size + command], self.environment)
        printed = b""
        while True:
            try:
                piece = os.read(terminal, 65536)
            except OSError:  # Linux reports the end of a terminal as an error.
                piece = b""
            if not piece:
                break
            printed += piece
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        text = printed.decode().replace("\r\n", "\n")
        # grep exits with 1 if it finds nothing.
        if code and not (code == 1 and "grep" in command):
            sys.exit(f"{command} failed:\n{text}")
        for actual, shown in self.ids.items():
            text = text.replace(actual, shown)
        text = re.sub(r"after \d+s", "after 0s", text)
        text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "2026-11-27T09:30:00Z", text)
        return re.sub(r"\n{3,}", "\n\n", text.strip("\n"))


def scenes(session):
    """Runs everything, and yields for each scene its title, its text and its seconds."""
    subprocess.run(
        ["bash", "-c", "${TF_CLI:-terraform} init -no-color"],
        cwd=session.work, env=session.environment, check=True, stdout=subprocess.DEVNULL,
    )

    def scene(title, seconds, *commands):
        text = ""
        for command in commands:
            printed = session.run(command)
            text += f"\x1b[32m$\x1b[0m \x1b[1m{command}\x1b[0m\n{printed}"
            text += "\n\n" if printed else ""
        return title, text.rstrip("\n"), seconds

    yield scene("A connector as code", 6, "cat main.tf")
    yield scene("Plan", 8, "terraform plan -out=plan")
    # The id is shown only after it is known, so it is read before the text is kept.
    title, text, seconds = scene("Apply", 5, "terraform apply plan")
    (made,) = session.control("GET", f"organizations/{ORGANIZATION}/connectors")
    session.ids[made["id"]] = INCIDENTS
    yield title, text.replace(made["id"], INCIDENTS), seconds

    session.environment["TF_VAR_client_secret"] = "second-secret"
    yield scene(
        "Rotate: a new secret in the environment, and a version to send it",
        8,
        "sed -i.bak 's/version = 1 /version = 2 /' main.tf",
        "terraform apply -auto-approve",
    )
    yield scene(
        "No secret in state",
        5,
        'terraform state pull | grep --count "$TF_VAR_client_secret"',
        "terraform state pull | grep '\"client_secret.*:'",
    )

    path = f"organizations/{ORGANIZATION}/connectors/{made['id']}"
    # A save within moments of the provider's own write looks like that write. The time is a whole
    # second, because Terraform wraps the message by its length.
    saved = (made["lastUpdatedTime"] // 1000 + 3600) * 1000
    edit = {"clientSecret": "typed into Control Hub", "lastUpdatedTime": saved}
    session.control("PUT", path, edit)
    yield scene("Somebody replaces the secret in Control Hub", 10, "terraform plan")

    session.control("PUT", f"organizations/{ORGANIZATION}/connectors/{HELP_DESK}", {
        "name": "Help desk", "authenticationType": "BASIC", "active": True,
        "resourceDomain": "https://example.zendesk.com/api/v2/",
        "username": "agent@example.com", "password": "typed in Control Hub",
        "validationUrl": "https://example.zendesk.com/api/v2/users/me",
    })
    (session.work / "main.tf").unlink()
    (session.work / "help_desk.tf").write_text(HELP_DESK_TF)
    session.run("terraform state rm webex_cc_custom_connector.incidents")
    yield scene(
        "Import a connector that somebody made by hand",
        10,
        "cat help_desk.tf",
        f"terraform import webex_cc_custom_connector.help_desk {HELP_DESK}",
        "terraform plan",
    )


COLORS = {30: "k", 31: "r", 32: "g", 33: "y", 34: "b", 35: "m", 36: "c", 90: "k"}


def runs(line, style):
    """Splits a line at its escapes into texts with styles."""
    parts = []
    for piece in re.split(r"(\x1b\[[0-9;?]*[A-Za-z])", line):
        if piece.startswith("\x1b["):
            if piece.endswith("m"):
                for code in [int(number or 0) for number in piece[2:-1].split(";")]:
                    if code == 0:
                        style = set()
                    elif code == 1:
                        style = style | {"s"}
                    elif code == 4:
                        style = style | {"u"}
                    elif code in COLORS:
                        style = {name for name in style if name in "su"} | {COLORS[code]}
                    elif code == 39:
                        style = style & {"s", "u"}
        elif piece:
            parts.append((piece, style))
    return parts, style


def rows(text):
    """Returns the rows that a terminal shows: wrapped, and the last ones if there are too many."""
    style, shown = set(), []
    for line in text.split("\n"):
        parts, style = runs(line, style)
        row, width = [], 0
        for piece, its_style in parts:
            while piece:
                room = COLUMNS - width
                row.append((width, piece[:room], its_style))
                width += len(piece[:room])
                piece = piece[room:]
                if piece:
                    shown.append(row)
                    row, width = [], 0
        shown.append(row)
    return shown[-ROWS:]


def picture(recorded, version):
    """Returns the picture: one frame for each command line, and one for each scene."""
    height = max(len(rows(text)) for _, text, _ in recorded) * LINE + 60
    width = COLUMNS * CELL + 32
    frames, total = [], sum(seconds for _, _, seconds in recorded)
    begin, steps = 0.0, []
    for number, (title, printed, seconds) in enumerate(recorded):
        frames.append(f'<g class="f f{number}">')
        caption = escape(f"{number + 1}/{len(recorded)}  {title}")
        frames.append(f'<text class="t" x="{width / 2:.0f}" y="22">{caption}</text>')
        for index, row in enumerate(rows(printed)):
            y = 54 + index * LINE
            for start, piece, style in row:
                # XML collapses spaces, so each piece between two of them has its own place.
                for part in re.finditer(r"\S+(?: \S+)*", piece):
                    column, text = start + part.start(), part.group()
                    names = " ".join(sorted(style))
                    its_class = f' class="{names}"' if names else ""
                    frames.append(
                        f'<text{its_class} x="{16 + column * CELL:.1f}" y="{y}" '
                        f'textLength="{len(text) * CELL:.1f}">{escape(text)}</text>'
                    )
        frames.append("</g>")
        shown, end = 100 * begin / total, 100 * (begin + seconds) / total
        first = "" if number == 0 else "0%{visibility:hidden}"
        steps.append(
            f"@keyframes f{number}{{{first}{shown:.2f}%{{visibility:visible}}"
            f"{end:.2f}%,100%{{visibility:{'visible' if end > 99.99 else 'hidden'}}}}}"
            f".f{number}{{animation:f{number} {total}s step-end infinite}}"
        )
        begin += seconds
    titles = escape(", ".join(title for title, _, _ in recorded))
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
        f'width="{width:.0f}" height="{height}" role="img">',
        f"<title>Terraform {version} manages a custom connector</title>",
        f"<desc>{titles}.</desc>",
        "<style>",
        "text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
        "fill:#c9d1d9;white-space:pre}",
        ".t{text-anchor:middle;fill:#8b949e}.s{font-weight:bold}.u{text-decoration:underline}",
        ".k{fill:#8b949e}.r{fill:#ff7b72}.g{fill:#56d364}.y{fill:#e3b341}.b{fill:#79c0ff}"
        ".m{fill:#d2a8ff}.c{fill:#56d4dd}",
        ".f{visibility:hidden}",
        *steps,
        "@media (prefers-reduced-motion:reduce){.f{animation:none}.f1{visibility:visible}}",
        "</style>",
        '<rect width="100%" height="100%" rx="8" fill="#0d1117"/>',
        '<circle cx="20" cy="17" r="6" fill="#ff5f57"/><circle cx="40" cy="17" r="6" '
        'fill="#febc2e"/><circle cx="60" cy="17" r="6" fill="#28c840"/>',
        *frames,
        "</svg>",
        "",
    ])


def main():
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    # A test names other programs, and a simulator that runs already.
    programs = pathlib.Path(os.environ.get("DEMO_PROGRAMS", target / "debug")).resolve()
    simulator, url = None, os.environ.get("DEMO_SIMULATOR")
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--output", type=pathlib.Path, default=ROOT / "docs/recording/recording.svg")
    options = arguments.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp())
    try:
        if not url:
            simulator = subprocess.Popen(
                [programs / "webex-cc-simulator"], stdout=subprocess.PIPE, text=True)
            url = simulator.stdout.readline().removeprefix("listening on ").strip()
        session = Session(folder, programs, url)
        recorded = list(scenes(session))
        options.output.write_text(picture(recorded, session.version))
    finally:
        if simulator:
            simulator.terminate()
            simulator.wait()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
