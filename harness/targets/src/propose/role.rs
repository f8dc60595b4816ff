//! What a value stands for, told from its name.

use super::sighting::Leaf;

/// What a value stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Challenge,
    KeyId,
    Attestation,
    Assertion,
    ClientData,
    ClientDataHash,
    Account,
    Purpose,
    RequestId,
    /// A password, a token, an API key.
    Secret,
}

/// The role of a value called so. `name` may be a path of names, the last of which counts most.
pub(super) fn of(name: &str, leaf: &Leaf) -> Option<Role> {
    if leaf.secret {
        return Some(Role::Secret);
    }
    let last = name.rsplit('.').next().unwrap_or(name);
    let own = by_name(last, leaf);
    // `attestation.object`: a name that says nothing takes its parent's meaning.
    let says_nothing = matches!(
        letters(last).as_str(),
        "object" | "data" | "value" | "raw" | "bytes" | "blob" | "text"
    );
    match own {
        None if says_nothing => name.rsplit_once('.').and_then(|(parents, _)| of(parents, leaf)),
        own => own,
    }
}

fn by_name(name: &str, leaf: &Leaf) -> Option<Role> {
    let name = letters(name);
    // The name of the framework says nothing about the value.
    let name = name.replace("appattest", "").replace("devicecheck", "");
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let ends = |words: &[&str]| words.iter().any(|word| name.ends_with(word));
    let is = |words: &[&str]| {
        words.iter().any(|word| name == *word || name.strip_prefix('x') == Some(word))
    };
    if has(&["clientdatahash", "requesthash", "payloadhash", "bodyhash"]) {
        Some(Role::ClientDataHash)
    } else if has(&["clientdata", "signeddata", "signedpayload"]) || is(&["payload"]) {
        Some(Role::ClientData)
    } else if has(&["keyid", "credentialid", "credid"]) || is(&["kid"]) {
        Some(Role::KeyId)
    } else if (has(&["challenge"]) || is(&["nonce", "servernonce", "attestnonce"]))
        && !ends(&[
            "id",
            "ref",
            "handle",
            "ttl",
            "expiry",
            "expires",
            "expiresin",
            "expiresat",
            "type",
            "length",
        ])
    {
        Some(Role::Challenge)
    } else if has(&["assertion"])
        && !ends(&["id", "type", "format", "version", "challenge", "count"])
    {
        Some(Role::Assertion)
    } else if (has(&["attestation"]) || is(&["attest", "attestobject", "attobj", "statement"]))
        && !ends(&["id", "type", "format", "version", "challenge", "count", "required"])
    {
        Some(Role::Attestation)
    } else if is(&["purpose", "usage", "intent", "flow", "operation", "challengetype"]) {
        Some(Role::Purpose)
    } else if has(&["requestid", "correlationid", "idempotencykey", "traceid"]) {
        Some(Role::RequestId)
    } else if has(&[
        "passw",
        "pwd",
        "secret",
        "token",
        "apikey",
        "authorization",
        "session",
        "bearer",
        "csrf",
        "xsrf",
        "otp",
    ]) || is(&["pin", "auth", "cookie", "passcode"])
        || leaf.hint.contains("password")
    {
        Some(Role::Secret)
    } else if is(&[
        "account",
        "accountid",
        "accountname",
        "user",
        "userid",
        "username",
        "uid",
        "email",
        "mail",
        "login",
        "customer",
        "customerid",
        "member",
        "memberid",
        "player",
        "playerid",
        "subject",
        "sub",
        "deviceid",
        "installationid",
        "installid",
        "clientid",
        "profileid",
        "principal",
    ]) || ends(&[
        "customerid",
        "userid",
        "accountid",
        "username",
        "deviceid",
        "playerid",
        "memberid",
    ]) {
        Some(Role::Account)
    } else {
        None
    }
}

/// A name without what people put between its words, in small letters.
pub(super) fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
