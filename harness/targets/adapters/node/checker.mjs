// An adapter between Assay and the npm package appattest-checker-node: one JSON object a line, each
// answered once. For another library replace `attestation` and `assertion`: they return what was
// found, or throw `Refused` where the library says no. Whatever else is thrown is no decision.

import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { setAppAttestRootCertificate, verifyAssertion, verifyAttestation } from "appattest-checker-node";

class Refused extends Error {}

const bytes = (text) => Buffer.from(text, "base64");
const pem = (label, base64) => `-----BEGIN ${label}-----\n${base64.match(/.{1,64}/g).join("\n")}\n-----END ${label}-----\n`;

const home = createRequire(import.meta.url).resolve("appattest-checker-node");
const { version } = JSON.parse(readFileSync(home.replace(/(.*\/appattest-checker-node)\/.*/, "$1/package.json")));

async function attestation(asked) {
  setAppAttestRootCertificate(pem("CERTIFICATE", asked.trust_roots[0]));
  const app = { appId: asked.app_id, developmentEnv: asked.environment === "development" };
  const found = await verifyAttestation(app, asked.key_id, bytes(asked.challenge), bytes(asked.attestation));
  if (found.verifyError) throw new Refused(found.verifyError);
  const point = createPublicKey(found.publicKeyPem).export({ format: "der", type: "spki" }).subarray(-65);
  return { public_key: point.toString("base64"), receipt: found.receipt.toString("base64") };
}

async function assertion(asked) {
  const key = pem("PUBLIC KEY", asked.public_key_spki);
  const found = await verifyAssertion(bytes(asked.client_data_hash), key, asked.app_id, bytes(asked.assertion));
  if (found.verifyError) throw new Refused(found.verifyError);
  return { counter: found.signCount };
}

const verifiers = { verify_attestation: attestation, verify_assertion: assertion };

async function answer(asked) {
  if (asked.op === "hello") {
    const sut = { name: "appattest-checker-node", version, language: "node" };
    // It returns the counter of an assertion, which the caller must compare.
    return { proto: 1, profile: "verifier", sut, caps: { clock: "system", checks_not_done: ["asr.counter"] } };
  }
  if (asked.op === "configure") return { ok: true };
  if (!(asked.op in verifiers)) return { unsupported: true };
  try {
    return { verdict: "accept", outputs: await verifiers[asked.op](asked) };
  } catch (error) {
    if (error instanceof Refused) return { verdict: "reject", reason: { code: error.message } };
    return { verdict: "error", text: String(error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  process.stdout.write(JSON.stringify({ id: asked.id, ...(await answer(asked)) }) + "\n");
}
