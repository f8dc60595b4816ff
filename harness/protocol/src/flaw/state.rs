//! The relying party's memory, and the shell around it.

use super::Flaw;
use super::edit::{Edit, fragile, racy, strict, weak};
use super::habit::Habit;
use crate::verify::Rule;

const ISSUED: Rule = Rule::ChallengeIssued;
const FRESH: Rule = Rule::ChallengeFresh;
const UNUSED: Rule = Rule::ChallengeUnused;
const UNCLAIMED: Rule = Rule::KeyUnclaimed;
const KNOWN: Rule = Rule::KeyKnown;
const ACTIVE: Rule = Rule::KeyActive;
const COUNTER: Rule = Rule::CounterIncreases;
const CHALLENGE: Rule = Rule::AssertionChallenge;
const SIGNATURE: Rule = Rule::AssertionSignature;

/// Weakened, over-strict, fragile and racy habits.
#[rustfmt::skip]
pub(super) const FLAWS: &[Flaw] = &[
    weak("weak.st.challenge.issued.prefix", ISSUED, "Compares the first 16 characters of a challenge.", habit(Habit::ChallengePrefix)),
    weak("weak.st.challenge.issued.case", ISSUED, "Compares challenges without regard to case, as some databases do.", habit(Habit::ChallengeAnyCase)),
    weak("weak.st.challenge.issued.trimmed", ISSUED, "Trims white space and padding before it compares challenges.", habit(Habit::ChallengeTrimmed)),
    weak("weak.st.challenge.issued.account", ISSUED, "Does not bind a challenge to the account that asked for it.", habit(Habit::ChallengeAnyAccount)),
    weak("weak.st.challenge.issued.purpose", ISSUED, "Does not bind a challenge to its purpose.", habit(Habit::ChallengeAnyPurpose)),
    weak("weak.st.challenge.issued.well-formed", ISSUED, "Keeps no record of challenges: whatever looks like one of its own will do.", habit(Habit::ChallengeWellFormed)),
    weak("weak.st.challenge.issued.counted", ISSUED, "Counts challenges instead of drawing them.", habit(Habit::ChallengeCounted)),
    weak("weak.st.challenge.issued.short", ISSUED, "Draws 8 bytes of a challenge and fills up with zeros.", habit(Habit::ChallengeShort)),
    weak("weak.st.challenge.issued.cut", ISSUED, "Hands out challenges of 8 bytes.", habit(Habit::ChallengeCutShort)),
    weak("weak.st.challenge.issued.cached", ISSUED, "Lets caches keep a challenge for a minute.", habit(Habit::ChallengeCached)),
    weak("weak.st.challenge.fresh.attest", FRESH, "Does not look how old the challenge of an enrolment is.", habit(Habit::ChallengeNotAgedForAttesting)),
    weak("weak.st.challenge.fresh.assert", FRESH, "Does not look how old the challenge of a protected request is.", habit(Habit::ChallengeNotAgedForAsserting)),
    weak("weak.st.challenge.unused.on-success", UNUSED, "Deletes a challenge only when the attempt succeeds.", habit(Habit::ChallengeSpentBySuccess)),
    weak("weak.st.challenge.unused.attest", UNUSED, "Deletes the challenges of protected requests only.", habit(Habit::ChallengeReusedForAttesting)),
    weak("weak.st.challenge.unused.assert", UNUSED, "Deletes the challenges of enrolments only.", habit(Habit::ChallengeReusedForAsserting)),
    weak("weak.st.key.unclaimed.unused", UNCLAIMED, "Hands a key that has not asserted yet to whoever enrols it next.", habit(Habit::KeyRebornUnused)),
    weak("weak.st.key.known.saved-first", KNOWN, "Stores the key before it has verified the attestation, and leaves it there.", habit(Habit::KeySavedFirst)),
    weak("weak.st.key.active.re-enrolment", ACTIVE, "Takes a revoked key back when it is enrolled again.", habit(Habit::KeyRevivedByEnrolment)),
    weak("weak.st.key.active.cached", ACTIVE, "Serves one more request from its cache of keys after a revocation.", habit(Habit::KeyCachedAfterRevocation)),
    weak("weak.st.key.active.forgotten", ACTIVE, "Deletes a revoked key, so that it can be enrolled as if it were new.", habit(Habit::KeyForgottenByRevocation)),
    weak("weak.asr.signature.minified", SIGNATURE, "Hashes the client data as it would write that JSON itself.", habit(Habit::ClientDataMinified)),
    weak("weak.asr.counter.not-saved", COUNTER, "Compares the counter and does not store it.", habit(Habit::CounterNotSaved)),
    weak("weak.asr.counter.saved-first", COUNTER, "Stores the counter before it has verified the signature.", habit(Habit::CounterSavedFirst)),
    weak("weak.asr.counter.reset", COUNTER, "Sets the counter back to 0 when a key is enrolled again.", habit(Habit::CounterResetByEnrolment)),
    weak("weak.asr.challenge.first-double", CHALLENGE, "Takes the first of two challenges in the client data.", habit(Habit::ClientDataFirstDouble)),
    weak("weak.asr.challenge.last-double", CHALLENGE, "Takes the last of two challenges in the client data.", habit(Habit::ClientDataLastDouble)),
    weak("weak.asr.challenge.any-depth", CHALLENGE, "Finds the challenge in whatever member of the client data it is.", habit(Habit::ClientDataAnyDepth)),
    weak("weak.asr.challenge.searched", CHALLENGE, "Searches the text of the client data for a challenge.", habit(Habit::ClientDataSearched)),

    weak("weak.att.syntax.media-type", Rule::AttestationSyntax, "Takes JSON under whatever media type.", habit(Habit::BodyAnyMediaType)),
    weak("weak.att.syntax.charset", Rule::AttestationSyntax, "Reads JSON in the encoding that its first bytes say.", habit(Habit::BodyAnyCharset)),
    weak("weak.att.syntax.method", Rule::AttestationSyntax, "Enrols by whatever method it is asked with.", habit(Habit::BodyAnyMethod)),

    strict("strict.st.challenge.issued.burnt", ISSUED, "Lets anyone who names a challenge use it up.", habit(Habit::ChallengeBurntByAnyone)),
    strict("strict.st.challenge.issued.latest", ISSUED, "Keeps one challenge for each account: the next one replaces it.", habit(Habit::ChallengeLatestOnly)),
    strict("strict.st.challenge.issued.one-per-purpose", ISSUED, "Keeps one challenge for each account and purpose.", habit(Habit::ChallengeOnePerPurpose)),
    strict("strict.st.key.unclaimed.once", UNCLAIMED, "Refuses a key that its own account enrols again.", habit(Habit::KeyEnrolledOnce)),
    strict("strict.st.key.unclaimed.one-key", UNCLAIMED, "Allows one key for each account.", habit(Habit::KeyOneForEachAccount)),
    strict("strict.st.key.active.replaced", ACTIVE, "Takes the newest key of an account for its only one.", habit(Habit::KeyReplacedByTheNext)),
    strict("strict.asr.counter.account", COUNTER, "Keeps one counter for each account, whatever key it asserts with.", habit(Habit::CounterForEachAccount)),
    strict("strict.asr.challenge.compact", CHALLENGE, "Knows JSON without spaces only.", habit(Habit::ClientDataCompact)),
    strict("strict.asr.challenge.first-member", CHALLENGE, "Expects the challenge as the first member of the client data.", habit(Habit::ClientDataChallengeFirst)),
    strict("strict.asr.challenge.unescaped", CHALLENGE, "Knows no escapes in JSON.", habit(Habit::ClientDataUnescaped)),

    fragile("fragile.asr.challenge.json", CHALLENGE, "Does not catch the exception of its JSON parser.", habit(Habit::ClientDataUncaught)),
    fragile("fragile.asr.challenge.missing", CHALLENGE, "Reads the challenge without looking whether it is there.", habit(Habit::ClientDataExpected)),
    fragile("fragile.att.syntax.body", Rule::AttestationSyntax, "Breaks on a body that it cannot read.", habit(Habit::BodyUncaught)),
    fragile("fragile.att.syntax.base64", Rule::AttestationSyntax, "Does not catch the exception of its base64 decoder.", habit(Habit::BodyBase64Uncaught)),

    racy("racy.st.challenge.unused.check-then-act", UNUSED, "Looks whether a challenge was used, and notes its use only when all is done.", Habit::RaceForChallenge),
    racy("racy.asr.counter.check-then-act", COUNTER, "Compares the counter, and stores it later without comparing again.", Habit::RaceForCounter),
    racy("racy.st.key.unclaimed.check-then-act", UNCLAIMED, "Looks whose key it is, and binds it later without looking again.", Habit::RaceForKey),
    racy("racy.st.key.active.write-back", ACTIVE, "Writes the whole record of a key back after an assertion, revocation and all.", Habit::RaceForRevocation),
    racy("racy.asr.signature.shared-buffer", SIGNATURE, "Keeps the hash of the client data where the next request overwrites it.", Habit::RaceForBuffer),
];

const fn habit(habit: Habit) -> Edit {
    Edit::Habit(habit)
}
