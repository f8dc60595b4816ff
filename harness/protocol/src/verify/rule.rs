//! Every rule the reference holds, with its clause.
//!
//! Clauses: `AV-n` and `AS-n` are the numbered steps of Apple's "Verify the attestation" and
//! "Verify the assertion" (2026 edition), `AV-0`/`AS-0` the syntax demanded before step 1, `ST`
//! "Store the public key and receipt", `CH` "Provide a challenge", `FR-n` the receipt steps of
//! "Assessing fraud risk", `RFC 5280` what path validation means by "valid".

use std::fmt;

/// When a rule is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// An attestation object is being verified.
    Attestation,
    /// A receipt is being verified.
    Receipt,
    /// An assertion is being verified.
    Assertion,
    /// The relying party's own memory is consulted: challenges, keys, accounts.
    State,
}

macro_rules! rules {
    ($( $variant:ident, $phase:ident, $id:literal, $clause:literal, $requirement:literal; )*) => {
        /// One check a relying party owes, in the order it is applied.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Rule { $( #[doc = $requirement] $variant, )* }

        impl Rule {
            /// All rules, in order.
            pub const ALL: &[Rule] = &[ $( Rule::$variant, )* ];

            /// The permanent name, as cases and reports write it.
            pub fn id(self) -> &'static str {
                match self { $( Rule::$variant => $id, )* }
            }

            /// The clause that demands it.
            pub fn clause(self) -> &'static str {
                match self { $( Rule::$variant => $clause, )* }
            }

            /// What the clause demands, in our words.
            pub fn requirement(self) -> &'static str {
                match self { $( Rule::$variant => $requirement, )* }
            }

            /// Id and description of the flaw that leaves it out.
            pub(crate) fn dropped(self) -> (&'static str, &'static str) {
                match self {
                    $( Rule::$variant => {
                        (concat!("drop.", $id), concat!("Does not check this: ", $requirement))
                    } )*
                }
            }

            /// When it is applied.
            pub fn phase(self) -> Phase {
                match self { $( Rule::$variant => Phase::$phase, )* }
            }
        }
    };
}

rules! {
    AttestationSyntax, Attestation, "att.syntax", "AV-0",
        "The attestation object is one CBOR map with the text `fmt`, the map `attStmt` and the bytes `authData`, each once, and nothing follows it.";
    AttestationFormat, Attestation, "att.format", "AV-0",
        "`fmt` is the text `apple-appattest`.";
    CertificateSyntax, Attestation, "att.certificates", "AV-1",
        "`x5c` is an array of byte strings, the credential certificate first and at least one CA certificate after it, each one strict DER certificate and nothing more.";
    ChainNames, Attestation, "att.chain.names", "AV-1, RFC 5280 6.1.3(a)(4)",
        "Each certificate names the next one's subject as its issuer, and the last one the trust anchor's.";
    ChainSignatures, Attestation, "att.chain.signatures", "AV-1, RFC 5280 6.1.3(a)(1)",
        "Each certificate before the last is signed by the next one's key.";
    ChainTrustAnchor, Attestation, "att.chain.trust-anchor", "AV-1",
        "The last certificate is signed by the pinned trust anchor's key (or is the trust anchor itself).";
    ChainValidity, Attestation, "att.chain.validity", "AV-1, RFC 5280 6.1.3(a)(2)",
        "The time of verification lies within the validity of every certificate.";
    ChainAuthority, Attestation, "att.chain.ca", "AV-1, RFC 5280 6.1.4(k)",
        "Every certificate after the first is a CA by its basic constraints, and the first is not.";
    ChainPathLength, Attestation, "att.chain.path-length", "AV-1, RFC 5280 6.1.4(l),(m)",
        "No CA has more intermediates below it than its path length allows.";
    ChainKeyUsage, Attestation, "att.chain.key-usage", "AV-1, RFC 5280 6.1.4(n)",
        "A CA whose key usage is stated may sign certificates; a leaf whose key usage is stated may sign.";
    ChainCriticalExtensions, Attestation, "att.chain.critical", "AV-1, RFC 5280 6.1.4(o), 6.1.5(f)",
        "No certificate has a critical extension that is unknown, and none has an extension twice.";
    AuthenticatorDataSyntax, Attestation, "att.authenticator-data", "AV-0, WebAuthn 6.1",
        "Authenticator data holds the RP ID hash, flags, counter, AAGUID, credential id and COSE key, and after them one well-formed extension map, or nothing if the ED flag is clear.";
    Nonce, Attestation, "att.nonce", "AV-2, AV-3, AV-4",
        "The certificate's nonce extension equals SHA-256 of the authenticator data and the hash of the challenge that the server issued.";
    KeyAccessControl, Attestation, "att.key-access-control", "AV-4 (macOS)",
        "A key made on macOS carries the documented access-control list, byte for byte.";
    KeyIdentifier, Attestation, "att.key-id", "AV-5",
        "SHA-256 of the certified public key, as an uncompressed point, equals the key id the app sent.";
    AttestationRpId, Attestation, "att.rp-id", "AV-6",
        "The RP ID hash is SHA-256 of the server's own App ID.";
    CertificateAppId, Attestation, "att.certificate-app-id", "AV-6 (certificate)",
        "The App ID that the certificate states in clear, if it does, is the server's own.";
    CounterZero, Attestation, "att.counter", "AV-7",
        "The counter is 0.";
    Aaguid, Attestation, "att.aaguid", "AV-8",
        "The AAGUID is that of the environment the server serves.";
    CredentialId, Attestation, "att.credential-id", "AV-9",
        "The credential id equals the key id.";
    CoseKey, Attestation, "att.cose-key", "AV-3, ST",
        "The COSE key in the authenticator data is the certified public key, and nothing private.";
    AttestationValidationCategory, Attestation, "att.validation-category", "AV-10",
        "The validation category is one that the app is distributed by.";
    AttestationBundleVersion, Attestation, "att.bundle-version", "AV-11",
        "The bundle version is one that was released.";
    CdHash, Attestation, "att.cd-hash", "AV-0 (macOS)",
        "A code-directory hash comes with its type and the type with a hash, and the type is one that is known.";
    ReceiptSyntax, Receipt, "rcp.syntax", "FR-3",
        "The receipt is a CMS SignedData in BER whose content is a set of typed fields, and a risk metric in it is a number.";
    ReceiptSignature, Receipt, "rcp.signature", "FR-1",
        "The receipt's signature over its content is valid under the signer's certificate.";
    ReceiptChain, Receipt, "rcp.chain", "FR-2",
        "When the receipt was made, its signer chained up to the pinned receipt trust anchor, which is not the attestation's.";
    ReceiptAppId, Receipt, "rcp.app-id", "FR-4",
        "Field 2 is the server's own App ID.";
    ReceiptEnvironment, Receipt, "rcp.environment", "AV-8 (receipt)",
        "Field 7, if it is there, names the environment the server serves.";
    ReceiptFreshness, Receipt, "rcp.freshness", "FR-5",
        "On receipt from the device, field 12 is no more than five minutes old.";
    ReceiptExpiration, Receipt, "rcp.expiration", "FR (expiration)",
        "Field 21 is an instant that has not passed.";
    ReceiptPublicKey, Receipt, "rcp.public-key", "FR-6",
        "Field 3 certifies the attested public key.";
    ReceiptClientHash, Receipt, "rcp.client-hash", "ST (WWDC26-201)",
        "Field 4 of a receipt that came with an attestation is the client data hash of that attestation.";
    AssertionSyntax, Assertion, "asr.syntax", "AS-0",
        "The assertion is one CBOR map with the bytes `signature` and `authenticatorData`, each once, and nothing follows it.";
    AssertionAuthenticatorDataSyntax, Assertion, "asr.authenticator-data", "AS-0",
        "Authenticator data holds the RP ID hash, flags and counter, and after them one well-formed extension map, or nothing if the ED flag is clear.";
    AssertionSignature, Assertion, "asr.signature", "AS-1, AS-2, AS-3",
        "The signature over the nonce, made of the authenticator data and the hash of the client data as received, is valid under the stored public key.";
    AssertionRpId, Assertion, "asr.rp-id", "AS-4",
        "The RP ID hash is SHA-256 of the server's own App ID.";
    CounterIncreases, Assertion, "asr.counter", "AS-5",
        "The counter is greater than the one stored for this key.";
    AssertionChallenge, Assertion, "asr.challenge", "AS-6",
        "The client data embeds a challenge.";
    AssertionValidationCategory, Assertion, "asr.validation-category", "AS-7",
        "The validation category is one that the app is distributed by.";
    AssertionBundleVersion, Assertion, "asr.bundle-version", "AS-8",
        "The bundle version is one that was released.";
    ChallengeIssued, State, "st.challenge.issued", "CH, AV-2, AS-6",
        "The challenge is one that this server issued, to this account and for this purpose.";
    ChallengeFresh, State, "st.challenge.fresh", "CH",
        "The challenge's lifetime has not passed.";
    ChallengeUnused, State, "st.challenge.unused", "CH",
        "The challenge has not been used before.";
    KeyUnclaimed, State, "st.key.unclaimed", "ST",
        "The key being enrolled belongs to no other account.";
    KeyKnown, State, "st.key.known", "ST",
        "The key that asserts was enrolled before.";
    KeyOwner, State, "st.key.owner", "ST",
        "The key that asserts belongs to the account that asks.";
    KeyActive, State, "st.key.active", "ST",
        "The key that asserts has not been revoked.";
}

impl Rule {
    /// The rule of that id, for case files.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.id() == id)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// A set of rules, such as those an object breaks.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct RuleSet(u64);

impl RuleSet {
    /// No rule.
    pub const NONE: Self = Self(0);

    /// The set with `rule` added.
    #[must_use]
    pub fn with(self, rule: Rule) -> Self {
        Self(self.0 | 1 << rule as u8)
    }

    /// Whether `rule` is in it.
    pub fn contains(self, rule: Rule) -> bool {
        self.0 & (1 << rule as u8) != 0
    }

    /// Its members, in order.
    pub fn iter(self) -> impl Iterator<Item = Rule> {
        Rule::ALL.iter().copied().filter(move |rule| self.contains(*rule))
    }
}

impl FromIterator<Rule> for RuleSet {
    fn from_iter<I: IntoIterator<Item = Rule>>(rules: I) -> Self {
        rules.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for RuleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Rule::id)).finish()
    }
}
