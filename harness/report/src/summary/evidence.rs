//! The evidence of failed cases, made harmless to show.

use crate::text::{clean, clean_block};
use record::{ByteDifference, Event, EventKind, Evidence, PartBytes, SentObject, SentRequest};
use std::collections::BTreeMap;

/// By case; of several the last.
pub(super) fn fold(events: &[Event]) -> BTreeMap<String, Evidence> {
    let evidence = events.iter().filter_map(|event| match &event.kind {
        EventKind::Evidence(evidence) => Some(harmless(evidence)),
        _other => None,
    });
    evidence.map(|evidence| (evidence.id.clone(), evidence)).collect()
}

fn harmless(evidence: &Evidence) -> Evidence {
    Evidence {
        id: clean(&evidence.id),
        requests: evidence.requests.iter().map(request).collect(),
        deciding: evidence.deciding,
        objects: evidence.objects.iter().map(object).collect(),
    }
}

fn request(request: &SentRequest) -> SentRequest {
    let SentRequest {
        what,
        method,
        url,
        headers,
        body,
        body_left_out,
        secrets,
        status,
        decision,
        excerpt,
    } = request;
    SentRequest {
        what: clean(what),
        method: clean(method),
        url: clean(url),
        headers: headers.iter().map(|(name, value)| (clean(name), clean(value))).collect(),
        body: clean(body),
        body_left_out: *body_left_out,
        secrets: secrets.iter().map(|name| clean(name)).collect(),
        status: *status,
        decision: clean(decision),
        excerpt: clean_block(excerpt),
    }
}

fn object(object: &SentObject) -> SentObject {
    SentObject {
        name: clean(&object.name),
        sent: clean(&object.sent),
        twin: object.twin.as_deref().map(clean),
        differences: object.differences.iter().map(difference).collect(),
        more: object.more,
    }
}

fn difference(one: &ByteDifference) -> ByteDifference {
    ByteDifference {
        path: clean(&one.path),
        label: clean(&one.label),
        twin: one.twin.as_ref().map(part),
        sent: one.sent.as_ref().map(part),
        consequence: one.consequence,
    }
}

fn part(part: &PartBytes) -> PartBytes {
    PartBytes { shown: clean(&part.shown), value: clean(&part.value), ..part.clone() }
}
