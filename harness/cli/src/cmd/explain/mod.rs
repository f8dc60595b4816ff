//! `assay explain`: what each byte of an object is.

mod object;

use crate::annotated;
use crate::args::ExplainArgs;
use crate::console::printable;
use crate::exit_code::{ExitCode, Failed};
use crate::output::print;
use object::Object;
use protocol::explain::{Difference, Node, Part, difference, explain as nodes_of};
use serde_json::{Value, json};
use std::path::Path;

/// Explains each file, or says in what it differs from the one given.
pub(crate) fn explain(args: &ExplainArgs) -> Result<ExitCode, Failed> {
    let twins = match &args.against {
        Some(path) => Some(read(path, args).map_err(|why| unreadable(path, &why))?),
        None => None,
    };
    let mut code = ExitCode::Ok;
    for path in &args.files {
        let objects = match read(path, args) {
            Ok(objects) => objects,
            Err(why) => {
                // The other files are still explained: one bad file must not hide them.
                code = code.and(ExitCode::Usage);
                print(&unreadable(path, &why).message);
                continue;
            }
        };
        for object in &objects {
            let Some(twins) = &twins else {
                print(&explained(path, object, args.json));
                continue;
            };
            let Some(twin) = twins.iter().find(|twin| twin.kind == object.kind) else {
                code = code.and(ExitCode::Usage);
                let what = object.kind.as_str();
                print(&format!("{}: nothing to compare the {what} with", path.display()));
                continue;
            };
            print(&compared(path, twin, object, args.json));
        }
    }
    Ok(code)
}

fn read(path: &Path, args: &ExplainArgs) -> Result<Vec<Object>, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    object::read(&bytes, args.kind)
}

fn unreadable(path: &Path, why: &str) -> Failed {
    Failed::usage(format_args!("{}: cannot be explained: {}", path.display(), printable(why)))
}

fn explained(path: &Path, object: &Object, as_json: bool) -> String {
    let nodes = nodes_of(object.kind, &object.bytes);
    if as_json {
        let nodes: Vec<Value> = nodes.iter().map(|node| node_json(node, &object.bytes)).collect();
        return json!({
            "file": path.display().to_string(),
            "kind": object.kind.as_str(),
            "bytes": object.bytes.len(),
            "nodes": nodes,
        })
        .to_string();
    }
    let count = object.bytes.len();
    let head = format!("{}: {}, {count} bytes\n", path.display(), object.kind.as_str());
    head + &annotated::tree(&nodes, &object.bytes)
}

fn compared(path: &Path, twin: &Object, object: &Object, as_json: bool) -> String {
    let found = difference(object.kind, &twin.bytes, &object.bytes);
    if as_json {
        let found: Vec<Value> = found.iter().map(difference_json).collect();
        return json!({
            "file": path.display().to_string(),
            "kind": object.kind.as_str(),
            "differences": found,
        })
        .to_string();
    }
    let what = format!("{}: {}", path.display(), object.kind.as_str());
    if found.is_empty() {
        return format!("{what}: the same bytes");
    }
    let own = found.iter().filter(|one| !one.consequence).count();
    let parts = if own == 1 { "part" } else { "parts" };
    let others = match found.len() - own {
        0 => String::new(),
        count => format!(", and {count} computed anew from that"),
    };
    format!("{what}: {own} {parts} of it differ{others}\n{}", annotated::differences(&found))
        .replace("1 part of it differ", "1 part of it differs")
}

fn node_json(node: &Node, object: &[u8]) -> Value {
    json!({
        "path": node.path,
        "depth": node.depth,
        "at": node.at,
        "len": node.len,
        "own": node.own.iter().map(|range| [range.start, range.end]).collect::<Vec<_>>(),
        "hex": hex::encode(node.bytes(object)),
        "label": node.label,
        "value": node.value,
        "damage": node.damage,
    })
}

fn difference_json(one: &Difference) -> Value {
    let part = |part: &Option<Part>| {
        part.as_ref().map(
            |part| json!({ "at": part.at, "hex": hex::encode(&part.bytes), "value": part.value }),
        )
    };
    json!({
        "path": one.path,
        "label": one.label,
        "twin": part(&one.twin),
        "sent": part(&one.sent),
        "consequence": one.consequence,
    })
}
