"""Shows the files of a folder as JSON: their sums, and what is in zips."""

import hashlib
import json
import pathlib
import sys
import zipfile


def entries(path):
    with zipfile.ZipFile(path) as archive:
        return [
            {
                "name": entry.filename,
                "mode": oct(entry.external_attr >> 16)[2:],
                "date": "%04d-%02d-%02dT%02d:%02d:%02d" % entry.date_time,
                "sha256": hashlib.sha256(archive.read(entry)).hexdigest(),
            }
            for entry in archive.infolist()
        ]


files = {}
for path in pathlib.Path(sys.argv[1]).iterdir():
    files[path.name] = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    if path.suffix == ".zip":
        files[path.name]["entries"] = entries(path)
json.dump(files, sys.stdout)
