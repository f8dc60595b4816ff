// An adapter between Assay and the npm package node-app-attest: one JSON object a line, each answered
// once. The package trusts Apple's root alone, so attestations made under a test root are not its to
// judge: the adapter offers assertions only, and says so in its caps.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { verifyAssertion } from "node-app-attest";

const bytes = (text) => Buffer.from(text, "base64");
const pem = (label, base64) => `-----BEGIN ${label}-----\n${base64.match(/.{1,64}/g).join("\n")}\n-----END ${label}-----\n`;

const home = createRequire(import.meta.url).resolve("node-app-attest");
const { version } = JSON.parse(readFileSync(home.replace(/(.*\/node-app-attest)\/.*/, "$1/package.json")));

function assertion(asked) {
  const dot = asked.app_id.indexOf(".");
  const found = verifyAssertion({
    assertion: bytes(asked.assertion),
    payload: bytes(asked.client_data),
    publicKey: pem("PUBLIC KEY", asked.public_key_spki),
    teamIdentifier: asked.app_id.slice(0, dot),
    bundleIdentifier: asked.app_id.slice(dot + 1),
    signCount: asked.previous_counter,
  });
  return { counter: found.signCount };
}

function answer(asked) {
  if (asked.op === "hello") {
    const sut = { name: "node-app-attest", version, language: "node" };
    return { proto: 1, profile: "verifier", sut, caps: { ops: ["verify_assertion"], clock: "system" } };
  }
  if (asked.op === "configure") return { ok: true };
  if (asked.op !== "verify_assertion") return { unsupported: true };
  try {
    return { verdict: "accept", outputs: assertion(asked) };
  } catch (error) {
    // The package refuses with plain errors; a type or range error is one that it did not expect.
    if (error.constructor === Error) return { verdict: "reject", reason: { text: error.message } };
    return { verdict: "error", text: String(error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  process.stdout.write(JSON.stringify({ id: asked.id, ...answer(asked) }) + "\n");
}
