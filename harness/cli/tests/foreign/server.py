"""A small shop that has nothing in common with Assay but the protocol.

It verifies attestations and assertions with a library from PyPI, takes forms, writes base64url without
padding, knows its users by a cookie after a login, and says no in words of its own. What the library
does not check (app, counter, challenge, whose key it is) the shop checks itself.
"""

import argparse
import asyncio
import base64
import hashlib
import json
import os
import secrets
import sys
import threading
import time
from http.cookies import SimpleCookie, CookieError
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives.serialization import load_der_public_key
from pyattest.assertion import Assertion
from pyattest.attestation import Attestation
from pyattest.configs.apple import AppleConfig

LARGEST_BODY = 256 * 1024
MOST_SESSIONS = 20_000
MOST_CHALLENGES = 20_000


class No(Exception):
    """The shop says no: a status and its word for the reason."""

    def __init__(self, status, because):
        super().__init__(because)
        self.status = status
        self.because = because


def spelled(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unspelled(text, what):
    """The bytes of base64url without padding, in its one spelling."""
    try:
        data = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (ValueError, UnicodeEncodeError):
        data = None
    if data is None or spelled(data) != text:
        raise No(400, f"unreadable-{what}")
    return data


class Shop:
    """Users, their challenges and their keys."""

    def __init__(self, options):
        self.options = options
        self.root = Path(options.root).read_bytes()
        self.lock = threading.Lock()
        self.sessions = {}
        self.challenges = {}
        self.keys = {}

    def log_in(self, form):
        user = form["user"]
        if not secrets.compare_digest(form["password"].encode(), self.options.password.encode()):
            raise No(401, "wrong-password")
        session = secrets.token_urlsafe(24)
        with self.lock:
            if len(self.sessions) >= MOST_SESSIONS:
                self.sessions.pop(next(iter(self.sessions)))
            self.sessions[session] = user
        return session

    def user(self, session):
        with self.lock:
            user = self.sessions.get(session)
        if user is None:
            raise No(401, "not-logged-in")
        return user

    def challenge(self, user, form):
        if form["reason"] not in ("enrol", "order"):
            raise No(400, "unknown-reason")
        challenge = secrets.token_bytes(32)
        until = time.monotonic() + self.options.challenge_lifetime
        with self.lock:
            if len(self.challenges) >= MOST_CHALLENGES:
                self.challenges.pop(next(iter(self.challenges)))
            self.challenges[challenge] = (user, form["reason"], until)
        return {"challenge": spelled(challenge), "expires_in": self.options.challenge_lifetime}

    def spend(self, challenge, user, reason):
        """Takes a challenge: whoever names it has used it up, right or wrong."""
        with self.lock:
            known = self.challenges.get(challenge)
            if known is None or known[0] != user:
                raise No(403, "unknown-challenge")
            del self.challenges[challenge]
        if known[1] != reason:
            raise No(403, "challenge-for-something-else")
        if known[2] < time.monotonic():
            raise No(403, "too-late")

    def enrol(self, user, form):
        key_id = unspelled(form["key_id"], "key-id")
        raw = unspelled(form["attestation"], "attestation")
        challenge = unspelled(form["challenge"], "challenge")
        self.spend(challenge, user, "enrol")
        config = AppleConfig(
            key_id=key_id,
            app_id=self.options.app_id,
            production=self.options.environment == "production",
            root_ca=self.root,
        )
        attestation = Attestation(raw, challenge, config)
        try:
            asyncio.run(attestation.verify())
            leaf = attestation.data["certs"].last
            public_key = load_der_public_key(leaf.public_key.dump())
        except Exception as error:  # whatever the library stumbles over is no attestation
            raise No(403, type(error).__name__) from error
        with self.lock:
            if key_id in self.keys:
                raise No(409, "key-is-taken")
            self.keys[key_id] = {"user": user, "public_key": public_key, "counter": 0}
        return {"ok": True, "counter": 0}

    def order(self, user, form):
        key_id = unspelled(form["key_id"], "key-id")
        raw = unspelled(form["assertion"], "assertion")
        client_data = unspelled(form["client_data"], "client-data")
        try:
            # Two members of one name are not one order.
            said = json.loads(client_data, object_pairs_hook=once_each)
            challenge = said["challenge"]
            quantity = said["quantity"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise No(400, "unreadable-order") from error
        if not isinstance(challenge, str) or type(quantity) is not int or quantity < 1:
            raise No(400, "unreadable-order")
        self.spend(unspelled(challenge, "challenge"), user, "order")
        with self.lock:
            key = self.keys.get(key_id)
        if key is None or key["user"] != user:
            raise No(403, "unknown-key")
        expected = hashlib.sha256(client_data).digest()
        assertion = Assertion(raw, expected, key["public_key"], AppleConfig(key_id, self.options.app_id, True))
        try:
            assertion.verify()
            counter = assertion.data["counter"]
            app = assertion.data["rp_id"]
        except Exception as error:  # whatever the library stumbles over is no assertion
            raise No(403, type(error).__name__) from error
        if app != hashlib.sha256(self.options.app_id.encode()).digest():
            raise No(403, "other-app")
        with self.lock:
            if counter <= key["counter"]:
                raise No(403, "old-counter")
            key["counter"] = counter
        return {"ok": True, "counter": counter}


def once_each(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member twice")
    return members


class Handler(BaseHTTPRequestHandler):
    """HTTP in front of the shop: every answer is JSON, also those to nonsense."""

    protocol_version = "HTTP/1.1"
    server_version = "shop"
    sys_version = ""
    timeout = 20
    shop = None

    FIELDS = {
        "/login": ("user", "password"),
        "/challenge": ("reason",),
        "/devices": ("key_id", "attestation", "challenge"),
        "/orders": ("key_id", "assertion", "client_data"),
    }

    def answer(self, status, body, cookie=None):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        if cookie:
            self.send_header("Set-Cookie", f"sid={cookie}; Path=/; HttpOnly; SameSite=Strict")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def send_error(self, code, message=None, explain=None):
        # What the base class says no to, it would say in HTML.
        self.close_connection = True
        self.answer(code, {"ok": False, "because": "not-http"})

    def form(self, fields):
        length = self.headers.get("Content-Length", "")
        self.close_connection = True  # until the body is read to its end
        if self.headers.get("Transfer-Encoding") or not (length.isascii() and length.isdigit()):
            raise No(411, "no-length")
        if int(length) > LARGEST_BODY:
            raise No(413, "too-large")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise No(400, "cut-short")
        self.close_connection = self.headers.get("Connection", "").lower() == "close"
        kind = self.headers.get_content_type() if self.headers.get("Content-Type") else ""
        if kind != "application/x-www-form-urlencoded" or self.headers.get("Content-Encoding"):
            raise No(415, "no-form")
        try:
            pairs = parse_qsl(
                body.decode("ascii"), keep_blank_values=True, strict_parsing=True,
                errors="strict", max_num_fields=20,
            )
        except ValueError as error:
            raise No(400, "unreadable-form") from error
        form = dict(pairs)
        if len(form) != len(pairs) or set(form) != set(fields):
            raise No(400, "other-fields")
        return form

    def session(self):
        try:
            cookies = SimpleCookie(self.headers.get("Cookie", ""))
        except CookieError as error:
            raise No(400, "unreadable-cookie") from error
        return self.shop.user(cookies["sid"].value if "sid" in cookies else "")

    def handle_request(self):
        path = urlsplit(self.path)
        if path.path == "/healthz" and self.command == "GET":
            return self.answer(200, {"up": True})
        fields = self.FIELDS.get(path.path)
        if fields is None or path.query:
            raise No(404, "nothing-here")
        if self.command != "POST":
            raise No(405, "only-post")
        form = self.form(fields)
        if path.path == "/login":
            return self.answer(200, {"ok": True}, cookie=self.shop.log_in(form))
        user = self.session()
        act = {"/challenge": self.shop.challenge, "/devices": self.shop.enrol, "/orders": self.shop.order}
        return self.answer(200, act[path.path](user, form))

    def serve(self):
        try:
            self.handle_request()
        except No as no:
            # A body that was not read would be taken for the next request.
            if self.command != "POST" or no.status == 404:
                self.close_connection = True
            self.answer(no.status, {"ok": False, "because": no.because})
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = serve

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--root", required=True, help="PEM file of the root that attestations chain to")
    options.add_argument("--app-id", required=True)
    options.add_argument("--environment", choices=("production", "development"), default="production")
    options.add_argument("--challenge-lifetime", type=int, default=120, metavar="SECONDS")
    options.add_argument("--port", type=int, default=0, help="0 takes a free one")
    options = options.parse_args()
    options.password = os.environ["SHOP_PASSWORD"]
    Handler.shop = Shop(options)
    server = Server(("127.0.0.1", options.port), Handler)
    print(f"listening on http://127.0.0.1:{server.server_address[1]}", flush=True)
    # Ends with whoever started it.
    threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
