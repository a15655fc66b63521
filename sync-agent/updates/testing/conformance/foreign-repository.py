"""Writes a repository with python-tuf's own classes: what another implementation of TUF publishes.

Prints JSON: the published files of each role, first version first, and the targets, all base64.
"""
import base64
import json
import sys
from datetime import datetime, timedelta, timezone

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

kind, now = sys.argv[1], datetime.fromisoformat(sys.argv[2])
expires = (now + timedelta(days=30)).astimezone(timezone.utc).replace(microsecond=0)
make = {"ecdsa": CryptoSigner.generate_ecdsa, "mixed": CryptoSigner.generate_ed25519}[kind]
signers = {role: make() for role in ("root", "timestamp", "snapshot", "targets")}
if kind == "mixed":
    signers["root"] = CryptoSigner.generate_rsa()
path, content = ("artifact.txt", b"by targets") if kind == "ecdsa" else ("delegated/artifact.txt", b"by a delegate")

root = Root(consistent_snapshot=True, expires=expires)
for role, signer in signers.items():
    root.add_key(signer.public_key, role)
targets = Targets(expires=expires)
files = {}
if kind == "mixed":
    delegate = CryptoSigner.generate_ecdsa()
    role = DelegatedRole("delegate", [delegate.public_key.keyid], 1, True, paths=["delegated/*"])
    targets.delegations = Delegations({delegate.public_key.keyid: delegate.public_key}, {"delegate": role})
    listing = Targets(expires=expires)
    listing.targets[path] = TargetFile.from_data(path, content, ["sha256"])
    delegated = Metadata(listing)
    delegated.sign(delegate)
    files["delegate"] = [delegated.to_bytes()]
else:
    targets.targets[path] = TargetFile.from_data(path, content, ["sha512", "sha256"])


def signed(part, role):
    metadata = Metadata(part)
    metadata.sign(signers[role])
    return metadata.to_bytes()


files["targets"] = [signed(targets, "targets")]
snapshot = Snapshot(expires=expires)
for role, published in list(files.items()):
    snapshot.meta[f"{role}.json"] = MetaFile.from_data(1, published[0], ["sha256"])
files["snapshot"] = [signed(snapshot, "snapshot")]
timestamp = Timestamp(expires=expires)
timestamp.snapshot_meta = MetaFile.from_data(1, files["snapshot"][0], ["sha256"])
files["timestamp"] = [signed(timestamp, "timestamp")]
files["root"] = [signed(root, "root")]
rotated = CryptoSigner.generate_ecdsa()
root.version = 2
root.add_key(rotated.public_key, "root")
second = Metadata(root)
second.sign(signers["root"])
second.sign(rotated, append=True)
files["root"].append(second.to_bytes())


def encoded(data):
    return base64.b64encode(data).decode()


print(
    json.dumps(
        {
            "files": {role: [encoded(one) for one in published] for role, published in files.items()},
            "path": path,
            "content": encoded(content),
        }
    )
)
