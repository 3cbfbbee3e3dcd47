#!/usr/bin/env python3
"""Makes the files of a release, the same bytes from the same input.

  package.py ready --tag vX.Y.Z
      fails unless the tag is the version, and CHANGELOG.md has a date for it
  package.py platform --target TRIPLE --binaries FOLDER --out FOLDER
      zips the provider and the simulator built for TRIPLE, and writes the
      provider's bill of materials (CycloneDX 1.5)
  package.py start --target TRIPLE --out FOLDER
      unpacks these zips elsewhere and starts what is in them, which has to be
      for this machine
  package.py finish --out FOLDER
      over everything in FOLDER: the manifest, the check sums, the release
      notes with the hashes that lock files will hold, and with GPG_KEY (a key
      that gpg knows; GPG_PASSPHRASE if it has one) the signature

Names and contents are what the Terraform registry asks for. SOURCE_DATE_EPOCH
is the time inside; without it, that of the last commit. Standard library only.
"""

import argparse
import base64
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import uuid
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROVIDER = "terraform-provider-webex"
SIMULATOR = "webex-cc-simulator"
ADDRESS = re.search(
    r'^pub const ADDRESS: &str = "registry\.terraform\.io/(.*)";$',
    (ROOT / "src/provider/mod.rs").read_text(encoding="utf-8"),
    re.MULTILINE,
)
SOURCE = ADDRESS.group(1)

# The names of platforms in Rust, with those in registries.
SYSTEMS = {"linux": "linux", "darwin": "darwin", "windows": "windows", "freebsd": "freebsd"}
MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386", "armv7": "arm", "arm": "arm"}


def platform_of(target):
    """linux, amd64 for x86_64-unknown-linux-musl."""
    parts = target.split("-")
    systems = [SYSTEMS[part] for part in parts if part in SYSTEMS]
    if parts[0] not in MACHINES or not systems:
        sys.exit(f"No registry has a name for {target}.")
    return systems[0], MACHINES[parts[0]]


# No other program gets the key that signs: not cargo, which may download a
# toolchain, nor git.
PASSPHRASE = os.environ.pop("GPG_PASSPHRASE", None)
os.environ.pop("GPG_PRIVATE_KEY", None)


def cargo(*arguments):
    return output_of([os.environ.get("CARGO", "cargo"), *arguments])


def output_of(command):
    # By default, Python on Windows does not read UTF-8.
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, encoding="utf-8")
    return done.stdout


def version():
    package = cargo("pkgid", "--package", PROVIDER).strip()
    return package.rsplit("#", 1)[-1].rsplit("@", 1)[-1]


def moment():
    """The time inside, in seconds since 1970."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is None:
        given = output_of(["git", "log", "-1", "--format=%ct"])
    return int(given)


def write_zip(path, files):
    """Files in order: name, content, whether it can be run."""
    # Zip files know no time before 1980.
    date = time.gmtime(max(moment(), 315532800))[:6]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content, runs in files:
            entry = zipfile.ZipInfo(name, date)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, wherever this runs
            entry.external_attr = (0o100755 if runs else 0o100644) << 16
            archive.writestr(entry, content)


def programs_of(target, out):
    """The built programs, each with its zip file and its name in the zip file."""
    system, machine = platform_of(target)
    suffix = ".exe" if system == "windows" else ""
    number = version()
    for program, name in [(PROVIDER, f"{PROVIDER}_v{number}"), (SIMULATOR, SIMULATOR)]:
        archive = out / f"{program}_{number}_{system}_{machine}.zip"
        yield program, f"{program}{suffix}", archive, f"{name}{suffix}"


def ready(arguments):
    number = version()
    if arguments.tag != f"v{number}":
        sys.exit(f"The tag is {arguments.tag}, and the version in Cargo.toml is {number}.")
    changelog = pathlib.Path(arguments.changelog)
    heading, _ = changes(number, changelog)
    if not re.fullmatch(r"## \[[^\]]+\] - [0-9]{4}-[0-9]{2}-[0-9]{2}", heading):
        sys.exit(f"{changelog.name} has no date for {number}: {heading!r}.")


def platform(arguments):
    system, machine = platform_of(arguments.target)
    number = version()
    out = pathlib.Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    license_file = ("LICENSE", (ROOT / "LICENSE").read_bytes(), False)
    for _, built, archive, name in programs_of(arguments.target, out):
        binary = pathlib.Path(arguments.binaries) / built
        write_zip(archive, [license_file, (name, binary.read_bytes(), True)])
        print(archive)
    path = out / f"{PROVIDER}_{number}_{system}_{machine}.cdx.json"
    path.write_bytes((json.dumps(bill_of_materials(arguments.target), indent=1) + "\n").encode())
    print(path)


def bill_of_materials(target):
    """Lists the crates that are compiled into the provider, without those that
    only build or test it. The crates of this project are parts of the main
    component: no registry has them, so they have neither a package URL nor a
    check sum, and a scanner must not mistake them for crates of the same name.
    """
    metadata = json.loads(
        cargo("metadata", "--format-version=1", "--locked", f"--filter-platform={target}")
    )
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    # The metadata knows what the whole workspace could need; the tree, what is
    # compiled into this program.
    edges = "--edges=normal,no-proc-macro"
    tree = cargo(
        "tree", "--locked", f"--package={PROVIDER}", f"--target={target}", edges, "--prefix=none",
        "--format={p}",
    )
    present = {tuple(line.split(" ")[:2]) for line in tree.splitlines()}
    named = {(package["name"], f"v{package['version']}"): key for key, package in packages.items()}
    found = {named[name_and_version] for name_and_version in present}
    root = next(key for key in found if packages[key]["name"] == PROVIDER)
    parts = found & set(metadata["workspace_members"]) - {root}

    def needs(key):
        return sorted({other["pkg"] for other in nodes[key]["deps"] if other["pkg"] in found})

    def reference(key):
        package = packages[key]
        kind = "workspace" if key in parts else "pkg:cargo"
        return f"{kind}/{package['name']}@{package['version']}"

    sums = check_sums()

    def component(key):
        package = packages[key]
        entry = {
            "type": "application" if key == root else "library",
            "bom-ref": reference(key),
            "name": package["name"],
            "version": package["version"],
        }
        if key not in parts:
            entry["purl"] = reference(key)
        if package["license"]:
            # Some crates still write the slash of older days.
            expression = package["license"].replace("/", " OR ")
            entry["licenses"] = [{"expression": expression}]
        if sums.get((package["name"], package["version"])):
            content = sums[(package["name"], package["version"])]
            entry["hashes"] = [{"alg": "SHA-256", "content": content}]
        if package["repository"]:
            entry["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
        return entry

    keys = sorted(found - {root}, key=reference)
    main = component(root)
    main["components"] = [component(key) for key in keys if key in parts]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment())),
            "component": main,
            "properties": [{"name": "rust:target", "value": target}],
        },
        "components": [component(key) for key in keys if key not in parts],
        "dependencies": [
            {"ref": reference(key), "dependsOn": [reference(other) for other in needs(key)]}
            for key in [root, *keys]
        ],
    }
    # The same content has the same number.
    text = json.dumps(document, sort_keys=True)
    document["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_URL, text).urn
    return document


def check_sums():
    """The sums that Cargo.lock has, by name and version."""
    sums, name, number = {}, None, None
    for line in (ROOT / "Cargo.lock").read_text("utf-8").splitlines():
        key, _, value = line.partition(" = ")
        value = value.strip('"')
        if line == "[[package]]":
            name = number = None
        elif key == "name":
            name = value
        elif key == "version":
            number = value
        elif key == "checksum":
            sums[(name, number)] = value
    return sums


def start(arguments):
    """Checks that the programs start."""
    number = version()
    for program, _, archive, name in programs_of(arguments.target, pathlib.Path(arguments.out)):
        with tempfile.TemporaryDirectory() as folder:
            with zipfile.ZipFile(archive) as content:
                binary = pathlib.Path(content.extract(name, folder))
            binary.chmod(0o755)
            said = output_of([str(binary), "--version"])
            if said != f"{program} {number}\n":
                sys.exit(f"{name} calls itself {said!r}.")
            if program == PROVIDER:
                schemas = json.loads(output_of([str(binary), "schema"]))["provider_schemas"]
                if not any(schema["resource_schemas"] for schema in schemas.values()):
                    sys.exit(f"{name} serves no resource.")
        print(f"{name} starts.")


def finish(arguments):
    out = pathlib.Path(arguments.out)
    number = version()
    prefix = f"{PROVIDER}_{number}"
    manifest = out / f"{prefix}_manifest.json"
    manifest.write_bytes((ROOT / "terraform-registry-manifest.json").read_bytes())
    products = sorted(
        path for path in out.iterdir() if path.suffix == ".zip" or path.name.endswith(".json")
    )
    if not any(path.name.startswith(prefix) and path.suffix == ".zip" for path in products):
        sys.exit(f"{out} holds no {prefix}_<system>_<machine>.zip.")
    others = [path.name for path in products if f"_{number}_" not in path.name]
    if others:
        sys.exit(f"{out} holds files of another version: {', '.join(others)}.")
    sums = out / f"{prefix}_SHA256SUMS"
    sums.write_bytes("".join(f"{sha256(path.read_bytes())}  {path.name}\n" for path in products).encode())
    notes = out / f"{prefix}_release_notes.md"
    notes.write_bytes(release_notes(number, products).encode())
    key = os.environ.get("GPG_KEY")
    if key:
        signature = out / f"{sums.name}.sig"
        signature.unlink(missing_ok=True)
        command = ["gpg", "--batch", "--local-user", key]
        if PASSPHRASE:
            command += ["--pinentry-mode", "loopback", "--passphrase-fd", "0"]
        command += ["--output", str(signature), "--detach-sign", str(sums)]
        subprocess.run(command, check=True, input=(PASSPHRASE or "").encode())
    else:
        print("Not signed: GPG_KEY is not set. The registry wants a signature.", file=sys.stderr)
    for path in sorted(out.iterdir()):
        print(path)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def hash_of_package(path):
    """The h1: hash of a zip, which covers names and contents of its files."""
    with zipfile.ZipFile(path) as archive:
        names = sorted(archive.namelist())
        lines = [f"{sha256(archive.read(name))}  {name}\n" for name in names]
    digest = hashlib.sha256("".join(lines).encode()).digest()
    return "h1:" + base64.b64encode(digest).decode()


def release_notes(number, products):
    zips = [path for path in products if path.name.startswith(PROVIDER) and path.suffix == ".zip"]
    rows = [f"    # {path.stem.split(number + '_')[1]}\n    \"{hash_of_package(path)}\"," for path in zips]
    rows += [f'    "zh:{sha256(path.read_bytes())}",' for path in zips]
    return "\n".join(
        [
            changes(number, ROOT / "CHANGELOG.md")[1],
            "",
            "## Hashes for the lock file",
            "",
            "```hcl",
            f'provider "registry.terraform.io/{SOURCE}" {{',
            f'  version = "{number}"',
            "  hashes = [",
            *rows,
            "  ]",
            "}",
            "```",
            "",
        ]
    )


def changes(number, changelog):
    """Returns the section of a version in the changelog: the heading and the rest."""
    heading, lines, inside = "", [], False
    for line in changelog.read_text("utf-8").splitlines():
        if line.startswith("## "):
            inside = line.startswith(f"## [{number}]")
            heading = line if inside else heading
        elif inside and not line.startswith("["):
            lines.append(line)
    text = "\n".join(lines).strip()
    if not text:
        sys.exit(f"{changelog.name} has nothing about {number}.")
    return heading, text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("ready")
    command.add_argument("--tag", required=True)
    command.add_argument("--changelog", default=ROOT / "CHANGELOG.md")
    command.set_defaults(run=ready)
    command = commands.add_parser("platform")
    command.add_argument("--target", required=True)
    command.add_argument("--binaries", required=True)
    command.add_argument("--out", required=True)
    command.set_defaults(run=platform)
    command = commands.add_parser("start")
    command.add_argument("--target", required=True)
    command.add_argument("--out", required=True)
    command.set_defaults(run=start)
    command = commands.add_parser("finish")
    command.add_argument("--out", required=True)
    command.set_defaults(run=finish)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
