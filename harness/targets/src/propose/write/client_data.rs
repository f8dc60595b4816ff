//! The template of client data: what an assertion signs.

use super::step::percent;
use super::toml;
use crate::encoding::Encoding;
use crate::propose::bindings::{Binder, Bound, Spot};
use crate::propose::encoded;
use crate::propose::evidence::ProvenClientData;
use crate::propose::role::{self, Role};
use crate::propose::routes::Part;
use crate::propose::sighting::{Body, Place, Shape, Sighting, text_of};
use serde_json::Value;

/// The template of client data.
#[derive(Debug)]
pub(super) struct ClientData {
    pub(super) toml: String,
    pub(super) notes: Vec<String>,
    pub(super) questions: Vec<String>,
}

/// The whole body as a template.
pub(super) fn body_template(
    binder: &mut Binder<'_>,
    request: usize,
    sighting: &Sighting,
) -> String {
    match &sighting.body {
        Body::Json(shape) | Body::Cbor(shape) => template_of(binder, request, shape),
        Body::Form(members) => {
            let mut pairs = Vec::new();
            for member in members {
                let place = Place::Field(member.name.clone());
                let spot = Spot {
                    part: Part::Assert,
                    request,
                    place,
                    name: member.name.clone(),
                    leaf: &member.leaf,
                };
                let value = match binder.bind(&spot) {
                    Bound::Template(template) => urlencoded(&template),
                    Bound::Fixed(value) => percent(&text_of(&value)),
                    Bound::Nothing => continue,
                };
                pairs.push(format!("{}={value}", percent(&member.name)));
            }
            toml::text(&pairs.join("&"))
        }
        Body::Raw(..) | Body::Empty | Body::Multipart(_) => {
            binder
                .questions
                .push("What is in the body, and where is the challenge in it?".to_owned());
            toml::text("${challenge_text}")
        }
    }
}

/// A template whose value is percent-encoded.
fn urlencoded(template: &str) -> String {
    match template.strip_suffix('}') {
        Some(open) if template.starts_with("${") && template.matches("${").count() == 1 => {
            format!("{open}|urlencode}}")
        }
        _ => template.to_owned(),
    }
}

/// JSON as a template, and a question if it holds no challenge.
fn template_of(binder: &mut Binder<'_>, request: usize, shape: &Shape) -> String {
    let json = binder.json(Part::Assert, request, shape).unwrap_or(Value::Null);
    if !json.to_string().contains("${challenge_text") {
        binder
            .questions
            .push("Where in the client data is the challenge? None was seen".to_owned());
    }
    match (&json, toml::json(&json)) {
        (Value::Object(_), Some(toml)) => toml,
        (Value::Array(_), _) => toml::text(&json.to_string()),
        _ => toml::text("{\"challenge\":\"${challenge_text}\"}"),
    }
}

/// The client data of a request whose body is not the client data.
pub(super) fn client_data_beside(
    binder: &mut Binder<'_>,
    request: usize,
    sighting: &Sighting,
) -> ClientData {
    let (notes, questions) =
        (std::mem::take(&mut binder.notes), std::mem::take(&mut binder.questions));
    let proven = binder.evidence.client_data.clone();
    let leaves = sighting.leaves();
    let spot = leaves.iter().find(|(place, name, leaf)| match &proven {
        Some(ProvenClientData::Value(proven, _)) => proven == place,
        _ => role::of(name, leaf) == Some(Role::ClientData),
    });
    let toml = match (&proven, spot) {
        (Some(ProvenClientData::Challenge(encoding)), _) => {
            binder.notes.push(
                "the challenge and nothing else, which the recorded assertion signs".to_owned(),
            );
            if *encoding != Encoding::Raw {
                binder.questions.push(format!(
                    "The app hashes the bytes that the challenge stands for in {}, and a template writes its text",
                    encoding.as_str()
                ));
            }
            toml::text("${challenge_text}")
        }
        (_, Some((_, name, leaf))) => {
            let text = leaf.as_str().unwrap_or_default();
            let json = serde_json::from_str(text).ok().filter(Value::is_object).or_else(|| {
                let found = encoded::client_data(text)?;
                serde_json::from_slice(&found.bytes).ok()
            });
            if let Some(json) = json {
                binder.notes.push(format!("as seen in `{name}`"));
                template_of(binder, request, &Shape::of(json))
            } else {
                binder
                    .questions
                    .push(format!("What is in `{name}`? Often JSON with the challenge in it:"));
                toml::text("{\"challenge\":\"${challenge_text}\"}")
            }
        }
        (_, None) => {
            binder.questions.push(
                "Which bytes does the app hash for an assertion? Nothing in the request is called client data; here it is the challenge alone".to_owned(),
            );
            toml::text("${challenge_text}")
        }
    };
    ClientData {
        toml,
        notes: std::mem::replace(&mut binder.notes, notes),
        questions: std::mem::replace(&mut binder.questions, questions),
    }
}
