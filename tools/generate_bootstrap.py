"""Writes the objects of a fresh cluster from a recording of a real one.

Usage: ``python -m tools.generate_bootstrap RECORDING``, a gzipped JSON object of lists by collection path.  What each server fills by
itself (uid, resourceVersion, all times, its certificate) is left out.
"""

import argparse
import gzip
import json
import sys
import zlib
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "k8s_tutor" / "apimachinery" / "schema" / "data"
BLANKS = {"UID", "RV", "TIME"}


def blank(value: Any) -> Any:
    """Return ``value`` without the placeholders of what a server fills in."""
    if isinstance(value, dict):
        return {key: blank(item) for key, item in value.items() if not _is_blank(key, item)}
    return [blank(item) for item in value] if isinstance(value, list) else value


def _is_blank(key: str, value: object) -> bool:
    return (isinstance(value, str) and value in BLANKS) or key in {
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "ca.crt",
    }


def kinds() -> dict[str, str]:
    """Return the kinds of all resources by ``group version path`` and name."""
    discovery = json.loads(zlib.decompress((DATA / "discovery.json.z").read_bytes()))
    return {
        f"{path}/{resource['name']}": resource["kind"]
        for path, resources in discovery["resources"].items()
        for resource in resources["resources"]
    }


def main() -> int:
    """Read the recording, write ``bootstrap.json.z``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recording", type=Path)
    recording = json.loads(gzip.decompress(parser.parse_args().recording.read_bytes()))
    names = kinds()
    entries = []
    for path, objects in recording.items():
        head, _, resource = path.rpartition("/")
        base = head.partition("/namespaces/")[0]
        group_version = base.removeprefix("/api/").removeprefix("/apis/")
        kind = {"apiVersion": group_version, "kind": names[f"{base}/{resource}"]}
        entries += [[path, kind | blank(item)] for item in objects]
    raw = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
    (DATA / "bootstrap.json.z").write_bytes(zlib.compress(raw, 9))
    print(f"{len(entries)} objects, {len(raw):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
