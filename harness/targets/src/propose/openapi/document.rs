//! The document as a tree, and its references.

use crate::propose::ProposeError;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

/// Longest chain of references that is followed.
const CHAIN: usize = 32;
/// Values that are described in all: a document that says more repeats itself through references.
const SIZE: usize = 50_000;

/// A document, whose references are followed within it and nowhere else.
#[derive(Debug)]
pub(super) struct Document<'d> {
    root: Value,
    left: Cell<usize>,
    remarks: RefCell<BTreeSet<String>>,
    file: &'d str,
}

impl<'d> Document<'d> {
    /// Reads YAML or JSON.
    pub(super) fn parse(text: &str, file: &'d str) -> Result<Self, ProposeError> {
        let text = text.trim_start_matches('\u{feff}');
        let root: Value = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| ProposeError::json(file, &error))?
        } else {
            yaml(text, file)?
        };
        if let Some(version) = root.get("swagger").map(super::text_of) {
            return Err(ProposeError::new(
                file,
                format!("this is Swagger {version}; convert it to OpenAPI 3 first"),
            ));
        }
        let version = root.get("openapi").map(super::text_of).unwrap_or_default();
        if !(version.starts_with("3.0") || version.starts_with("3.1")) {
            return Err(ProposeError::new(
                file,
                format!("`openapi` must be 3.0 or 3.1, and is `{version}`"),
            ));
        }
        let (left, remarks) = (Cell::new(SIZE), RefCell::default());
        Ok(Self { root, left, remarks, file })
    }

    /// The document itself.
    pub(super) fn root(&self) -> &Value {
        &self.root
    }

    /// What a value stands for: itself, or what its `$ref` names in this document.
    pub(super) fn follow<'v>(&'v self, value: &'v Value) -> &'v Value {
        let mut at = value;
        for _ in 0..CHAIN {
            let Some(reference) = at.get("$ref").and_then(Value::as_str) else { return at };
            let target = reference.strip_prefix('#').and_then(|pointer| {
                // In a fragment, characters of a pointer may be percent-encoded.
                let pointer = pointer.replace("%7B", "{").replace("%7D", "}").replace("%20", " ");
                self.root.pointer(&pointer)
            });
            let Some(target) = target else {
                self.remark(format!(
                    "`{reference}` leads out of {} or nowhere and is not followed",
                    self.file
                ));
                return &Value::Null;
            };
            at = target;
        }
        self.remark("a chain of references never ends and is not followed".to_owned());
        &Value::Null
    }

    /// Whether one more value may be described.
    pub(super) fn may_go_on(&self) -> bool {
        let left = self.left.get();
        if left == 0 {
            self.remark(format!("more than {SIZE} values are described; the rest is left out"));
            return false;
        }
        self.left.set(left - 1);
        true
    }

    fn remark(&self, text: String) {
        let mut remarks = self.remarks.borrow_mut();
        // What repeats itself without end is told often enough by then.
        if remarks.len() < 20 {
            remarks.insert(text);
        }
    }

    /// What was left out.
    pub(super) fn remarks(self) -> Vec<String> {
        self.remarks.into_inner().into_iter().collect()
    }
}

fn yaml(text: &str, file: &str) -> Result<Value, ProposeError> {
    let options = serde_saphyr::options! {
        with_snippet: false,
        // Anchors within anchors grow without bound; nobody describes an API in so many nodes.
        budget: serde_saphyr::budget! { max_nodes: 200_000, max_aliases: 2_000 },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let said = error.without_snippet().to_string();
        let what = said.split(" at line ").next().unwrap_or(&said).to_owned();
        match error.location() {
            Some(at) => {
                let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).max(1);
                ProposeError::at(file, number(at.line()), number(at.column()), what)
            }
            None => ProposeError::new(file, what),
        }
    })
}
