//! Values that are what their names say.

use super::spelling::{looks_like_uuid, written};
use super::{Binder, Bound, Spot};
use crate::encoding::Encoding;
use crate::facts::CHALLENGE_TEXT;
use crate::propose::encoded;
use crate::propose::role::{self, Role, letters};
use crate::propose::routes::Part;
use serde_json::Value;

impl Binder<'_> {
    pub(super) fn by_role(&mut self, spot: &Spot<'_>) -> Option<Bound> {
        let leaf = spot.leaf;
        // Whatever it is called: a choice between two purposes is what the challenge is for.
        let of_purpose = matches!(role::of(&spot.name, leaf), None | Some(Role::Purpose))
            && spot.part == Part::Challenge
            && (leaf.choices.len() > 1 || self.recorded_purposes(spot).is_some());
        let purpose = of_purpose.then(|| self.purpose(spot)).flatten();
        if let Some(template) = purpose {
            return Some(Bound::Template(template));
        }
        let template = match role::of(&spot.name, leaf)? {
            Role::Challenge if spot.part != Part::Challenge => {
                self.note(spot, "the challenge, by its name");
                format!("${{{CHALLENGE_TEXT}}}")
            }
            Role::ClientData if spot.part == Part::Assert => {
                self.note(spot, "the client data, by its name");
                let text = leaf.as_str().unwrap_or_default();
                let preferred = self.conventions.key_id.encoding;
                let found = encoded::client_data(text)
                    .map(|found| encoded::or_the_same_in(preferred, found.encodings[0], text));
                let encoding = found.or_else(|| encoded::described(leaf)).unwrap_or(Encoding::Raw);
                written("client_data", encoding, Encoding::Raw)
            }
            Role::ClientDataHash if spot.part != Part::Challenge => {
                self.note(spot, "a hash of the client data, by its name");
                let what = if spot.part == Part::Assert { "client_data" } else { CHALLENGE_TEXT };
                let encoding = encoded::described(leaf).unwrap_or(Encoding::B64);
                format!("${{{what}|sha256|{}}}", encoding.as_str())
            }
            Role::Account => {
                self.note(spot, "the user, by its name");
                let is_mail = leaf.as_str().is_some_and(|text| text.contains('@'))
                    || leaf.hint.split_whitespace().any(|word| word == "email");
                if is_mail { "${account}@example.com" } else { "${account}" }.to_owned()
            }
            Role::Purpose => self.purpose(spot)?,
            Role::RequestId => {
                self.note(spot, "an id of the request, by its name");
                let is_uuid =
                    leaf.hint.contains("uuid") || leaf.as_str().is_some_and(looks_like_uuid);
                if is_uuid { "${uuid}" } else { "${opaque_id}" }.to_owned()
            }
            Role::Secret => return Some(self.token(spot).unwrap_or_else(|| self.secret(spot))),
            _ => return None,
        };
        Some(Bound::Template(template))
    }

    /// What a challenge is for, in the server's words.
    fn purpose(&mut self, spot: &Spot<'_>) -> Option<String> {
        if spot.part != Part::Challenge {
            return None;
        }
        let words: Vec<&str> = spot.leaf.choices.iter().filter_map(Value::as_str).collect();
        let starts = |beginnings: &[&str]| {
            words.iter().position(|word| {
                let word = letters(word);
                beginnings.iter().any(|beginning| word.starts_with(beginning))
            })
        };
        let attest = starts(&["attest", "enrol", "regist"]);
        let assert = starts(&["assert", "auth", "login", "verif", "sign"]);
        // Of two, the other one is the other.
        let other = attest.filter(|_| words.len() == 2).map(|attest| 1 - attest);
        let described = attest.zip(assert.or(other));
        let described =
            described.map(|(one, other)| (words[one].to_owned(), words[other].to_owned()));
        let recorded = || self.recorded_purposes(spot);
        let lone = matches!(spot.leaf.as_str(), Some("attest" | "assert"));
        let same = || lone.then(|| ("attest".to_owned(), "assert".to_owned()));
        let (attest, assert) = described.or_else(recorded).or_else(same)?;
        self.note(spot, "what the challenge is for");
        if (attest.as_str(), assert.as_str()) == ("attest", "assert") {
            return Some("${purpose}".to_owned());
        }
        let plain =
            |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        (plain(&attest) && plain(&assert))
            .then(|| format!("${{'{attest}' if purpose == 'attest' else '{assert}'}}"))
    }

    /// The word in the challenge request before the attestation, and in that before the assertion.
    fn recorded_purposes(&self, spot: &Spot<'_>) -> Option<(String, String)> {
        let word_before = |until: Option<usize>| {
            let until = until?;
            let mut before = self.requests[..until].iter().rev();
            let request = before.find(|one| one.same_route(&self.requests[spot.request]))?;
            let leaves = request.leaves();
            let leaf = leaves.iter().find(|(place, ..)| *place == spot.place)?.2;
            leaf.as_str().map(str::to_owned)
        };
        let attest = word_before(self.routes.attest.as_ref().map(|one| one.at))?;
        let assert = word_before(self.routes.assert.as_ref().map(|one| one.at))?;
        // Ids and times differ from request to request as well.
        let is_word = |text: &str| {
            text.len() <= 20 && text.chars().all(|c| c.is_ascii_alphabetic() || "-_.".contains(c))
        };
        (attest != assert && is_word(&attest) && is_word(&assert)).then_some((attest, assert))
    }
}
