//! What a text is, told from the text itself.

use super::ProposeError;
use super::curl;

/// A kind of text that a proposal can be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An OpenAPI document, in YAML or JSON.
    OpenApi,
    /// A recording in the HTTP Archive format.
    Har,
    /// Command lines of curl.
    Curl,
}

impl Kind {
    /// What such a text is called.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::OpenApi => "OpenAPI document",
            Self::Har => "HAR recording",
            Self::Curl => "list of curl commands",
        }
    }

    /// The kind of a text.
    pub(super) fn of(text: &str, name: &str) -> Result<Self, ProposeError> {
        let text = text.trim_start_matches('\u{feff}');
        let begins_with = text.trim_start().chars().next();
        if begins_with == Some('{') {
            let object: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(text).map_err(|error| ProposeError::json(name, &error))?;
            return if object.contains_key("log") {
                Ok(Self::Har)
            } else if object.contains_key("openapi") || object.contains_key("swagger") {
                Ok(Self::OpenApi)
            } else {
                Err(ProposeError::new(
                    name,
                    "this JSON has neither `openapi` (an OpenAPI document) nor `log` (a HAR recording)",
                ))
            };
        }
        let yaml = |line: &str| {
            ["openapi:", "swagger:", "\"openapi\":", "'openapi':"]
                .iter()
                .any(|key| line.starts_with(key))
        };
        if text.lines().any(yaml) {
            return Ok(Self::OpenApi);
        }
        if curl::looks_like(text) {
            return Ok(Self::Curl);
        }
        Err(ProposeError::new(
            name,
            "neither an OpenAPI document (no `openapi:`), nor a HAR recording, nor a curl command; \
             if it is one all the same, say so with --openapi, --har or --curl",
        ))
    }
}
