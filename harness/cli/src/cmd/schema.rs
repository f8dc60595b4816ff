//! `assay schema`: the JSON Schema of a kind of file, for editors.

use crate::args::{SchemaArgs, SchemaOf};
use crate::exit_code::ExitCode;
use crate::output::print;

/// Prints the schema, byte for byte as it is committed.
pub(crate) fn schema(args: &SchemaArgs) -> ExitCode {
    let schema = match args.of {
        SchemaOf::Cases => catalogue::schema::case_files(),
        SchemaOf::Adapter => targets::adapter::schema::lines(),
        SchemaOf::Target => targets::schema::target_files(),
        SchemaOf::Profile => runners::load::profile::schema::profiles(),
    };
    print(&format!("{schema:#}"));
    ExitCode::Ok
}
