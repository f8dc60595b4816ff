"""An adapter between Assay and the Python library pyattest: one JSON object a line, each answered once.

For another library replace `attestation` and `assertion`. Raise `Refused` where the library says no;
whatever else is raised is reported as an error, which is no decision.
"""

import asyncio
import base64
import json
import sys
from importlib.metadata import version

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pyattest.assertion import Assertion
from pyattest.attestation import Attestation
from pyattest.configs.apple import AppleConfig
from pyattest.exceptions import PyAttestException


class Refused(Exception):
    """The library says no."""


def bytes_of(text):
    return base64.b64decode(text, validate=True)


def config(asked, root=None):
    return AppleConfig(bytes_of(asked["key_id"]), asked["app_id"], asked["environment"] == "production", root)


def attestation(asked):
    root = bytes_of(asked["trust_roots"][0])
    one = Attestation(bytes_of(asked["attestation"]), bytes_of(asked["challenge"]), config(asked, root))
    try:
        asyncio.run(one.verify())
    except PyAttestException as error:
        raise Refused(type(error).__name__) from error
    point = one.data["certs"].last.public_key["public_key"].native
    return {"public_key": base64.b64encode(point).decode(), "counter": one.data["data"]["counter"]}


def assertion(asked):
    key = load_der_public_key(bytes_of(asked["public_key_spki"]))
    one = Assertion(bytes_of(asked["assertion"]), bytes_of(asked["client_data_hash"]), key, config(asked))
    try:
        one.verify()
    except (PyAttestException, InvalidSignature) as error:
        raise Refused(type(error).__name__) from error
    return {"counter": one.data["counter"]}


def answer(asked):
    if asked["op"] == "hello":
        sut = {"name": "pyattest", "version": version("pyattest"), "language": "python"}
        # It returns the counter of an assertion, which the caller must compare.
        caps = {"clock": "system", "checks_not_done": ["asr.counter"]}
        return {"proto": 1, "profile": "verifier", "sut": sut, "caps": caps}
    if asked["op"] == "configure":
        return {"ok": True}
    verify = {"verify_attestation": attestation, "verify_assertion": assertion}.get(asked["op"])
    if verify is None:
        return {"unsupported": True}
    try:
        return {"verdict": "accept", "outputs": verify(asked)}
    except Refused as error:
        return {"verdict": "reject", "reason": {"text": str(error)}}
    except Exception as error:  # caught, but no decision
        return {"verdict": "error", "text": f"{type(error).__name__}: {error}"}


for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"id": asked["id"], **answer(asked)}), flush=True)
