//! What stands in the files.

use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A file of vectors for one kind of object.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct File<T> {
    /// What is verified: `AppAttest-Attestation`, `-Assertion`, `-Receipt` or `-AuthenticatorData`.
    pub algorithm: String,
    /// The version of Assay that wrote the file.
    pub generator_version: String,
    /// What readers should know first.
    pub header: Vec<String>,
    /// The seed that everything follows from.
    pub seed: String,
    /// The file that this one is an instance of.
    pub schema: String,
    /// How many tests there are in all groups.
    pub number_of_tests: usize,
    /// What the flags of tests mean: the rule that is broken.
    pub notes: BTreeMap<String, Note>,
    /// Tests by what the server is.
    pub test_groups: Vec<Group<T>>,
}

/// A rule of the reference verifier.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Note {
    /// What it demands.
    pub requirement: String,
    /// The clause that demands it.
    pub clause: String,
}

/// Tests for one server: its app, what it trusts, what it allows.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Group<T> {
    /// The App ID that the server serves: `PREFIX.bundle.identifier`.
    pub app_id: String,
    /// `production` or `development`.
    pub environment: String,
    /// The root that attestations must lead to, DER in hexadecimal digits. Test only.
    pub root_certificate: String,
    /// The root that receipts must lead to, DER in hexadecimal digits. Test only.
    pub receipt_root_certificate: String,
    /// The time of verification, RFC 3339.
    pub verification_time: String,
    /// Validation categories that are allowed; devices that state none are allowed as well.
    pub validation_categories: Vec<u32>,
    /// Bundle versions that are allowed; devices that state none are allowed as well.
    pub bundle_versions: Vec<String>,
    /// The most seconds that a receipt may be old when it arrives.
    pub receipt_max_age_seconds: u64,
    /// The tests.
    pub tests: Vec<T>,
}

/// What a verifier should say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It must accept.
    Valid,
    /// It must refuse.
    Invalid,
    /// Either can be defended; it must decide.
    Acceptable,
}

/// What every test begins with.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// Number of the test in its file, from 1.
    pub tc_id: usize,
    /// The case of the catalogue, a permanent name.
    pub id: String,
    /// What is special about it.
    pub comment: String,
    /// The clauses that demand the answer.
    pub clauses: Vec<String>,
    /// The rules that it breaks; see the notes.
    pub flags: Vec<String>,
    /// How binding the answer is: `must`, `should`, `may` or `info`.
    pub level: String,
    /// The answer.
    pub result: Verdict,
}

/// An attestation to be verified.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttestationTest {
    /// What it is about.
    #[serde(flatten)]
    pub head: Head,
    /// The challenge that the server issued, as text.
    pub challenge: String,
    /// SHA-256 of its text, in hexadecimal digits.
    pub client_data_hash: String,
    /// The key id that the app names, in base64.
    pub key_id: String,
    /// The attestation object, in base64.
    pub attestation_object: String,
    /// Of a valid one: the certified public key to be stored, `04‖X‖Y` in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
}

/// An assertion to be verified.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssertionTest {
    /// What it is about.
    #[serde(flatten)]
    pub head: Head,
    /// The public key that was stored, `04‖X‖Y` in hexadecimal digits.
    pub public_key: String,
    /// The counter that was stored.
    pub stored_counter: u32,
    /// The client data as received, in base64; SHA-256 of it is the client data hash.
    pub client_data: String,
    /// The assertion, in base64.
    pub assertion: String,
    /// Of a valid one: the counter to be stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counter: Option<u32>,
}

/// A receipt to be verified, as it came with an attestation that is otherwise in order.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptTest {
    /// What it is about.
    #[serde(flatten)]
    pub head: Head,
    /// The attested public key, `04‖X‖Y` in hexadecimal digits.
    pub public_key: String,
    /// The client data hash of the attestation, in hexadecimal digits.
    pub client_data_hash: String,
    /// The receipt, in base64.
    pub receipt: String,
}

/// Authenticator data to be read.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticatorDataTest {
    /// What it is about.
    #[serde(flatten)]
    pub head: Head,
    /// `attestation`, with a credential in it, or `assertion`.
    pub of: String,
    /// The bytes, in hexadecimal digits.
    pub authenticator_data: String,
    /// What stands in it, if it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Read>,
}

/// What stands in authenticator data; bytes in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Read {
    /// SHA-256 of the App ID.
    pub rp_id_hash: String,
    /// The flags byte.
    pub flags: u8,
    /// The counter.
    pub counter: u32,
    /// The AAGUID, of an attestation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aaguid: Option<String>,
    /// The credential id, of an attestation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_id: Option<String>,
    /// The validation category that is stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_category: Option<u32>,
    /// The bundle version that is stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundle_version: Option<String>,
}
