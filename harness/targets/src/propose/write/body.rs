//! The body of a step.

use super::toml;
use crate::propose::bindings::{Binder, Bound, Spot};
use crate::propose::routes::Part;
use crate::propose::sighting::{Body, Member, Place, Sighting, text_of};

/// The member of a request that holds its body.
pub(super) fn body(
    binder: &mut Binder<'_>,
    part: Part,
    request: usize,
    sighting: &Sighting,
) -> Vec<(String, String)> {
    match &sighting.body {
        Body::Empty => Vec::new(),
        Body::Json(shape) => {
            let json = binder.json(part, request, shape).as_ref().and_then(toml::json);
            if json.is_none() {
                binder.questions.push("What is in the body? It could not be written".to_owned());
            }
            json.map(|json| ("json".to_owned(), json)).into_iter().collect()
        }
        Body::Form(fields) => {
            let fields = self::fields(binder, part, request, fields);
            vec![("form".to_owned(), toml::table(&fields))]
        }
        Body::Multipart(fields) => {
            let fields = self::fields(binder, part, request, fields);
            vec![("multipart".to_owned(), toml::table(&fields))]
        }
        Body::Cbor(shape) => {
            let json = binder.json(part, request, shape).as_ref().and_then(toml::json);
            vec![("cbor".to_owned(), json.unwrap_or_else(|| "{}".to_owned()))]
        }
        Body::Raw(media, leaf) => {
            let spot = Spot { part, request, place: Place::Body, name: String::new(), leaf };
            let usual = match part {
                Part::Attest => "${attestation}",
                Part::Assert => "${client_data}",
                Part::Login | Part::Challenge | Part::Revoke => "",
            };
            let bound = if leaf.value.is_some() { binder.bind(&spot) } else { Bound::Nothing };
            let text = match bound {
                Bound::Template(template) => template,
                Bound::Fixed(value) => text_of(&value),
                Bound::Nothing => {
                    binder.questions.push("What is in the body? It was not seen".to_owned());
                    usual.to_owned()
                }
            };
            let media = media.as_deref().unwrap_or("application/octet-stream");
            vec![
                ("content_type".to_owned(), toml::text(media)),
                ("body".to_owned(), toml::text(&text)),
            ]
        }
    }
}

fn fields(
    binder: &mut Binder<'_>,
    part: Part,
    request: usize,
    fields: &[Member],
) -> Vec<(String, String)> {
    let mut bound: Vec<(String, String)> = Vec::new();
    for field in fields {
        let place = Place::Field(field.name.clone());
        let spot = Spot { part, request, place, name: field.name.clone(), leaf: &field.leaf };
        let text = match binder.bind(&spot) {
            Bound::Template(template) => template,
            Bound::Fixed(value) => text_of(&value),
            Bound::Nothing => continue,
        };
        // A table has each name once.
        if bound.iter().all(|(name, _)| *name != field.name) {
            bound.push((field.name.clone(), toml::text(&text)));
        }
    }
    bound
}

/// The media type of a body.
pub(super) fn media(body: &Body) -> String {
    match body {
        Body::Json(_) => "application/json",
        Body::Form(_) => "application/x-www-form-urlencoded",
        Body::Cbor(_) => "application/cbor",
        Body::Raw(Some(media), _) => media,
        Body::Raw(None, _) | Body::Empty | Body::Multipart(_) => "application/octet-stream",
    }
    .to_owned()
}
