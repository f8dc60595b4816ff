//! The profiles that come with Assay, compiled in from `corpora/profiles`.

use super::{Profile, ProfileFault};
use simulator::Seed;

macro_rules! files {
    ($($name:literal)*) => {
        /// Name and text of every profile, in the order in which they are listed.
        pub const FILES: &[(&str, &str)] = &[ $( (
            $name,
            include_str!(concat!("../../../../../corpora/profiles/", $name, ".toml")),
        ), )* ];
    };
}

files! {
    "smoke" "steady" "ramp" "stairs" "overload" "recover" "spike" "burst" "flood" "soak" "replay"
    "herd" "outage" "churn"
}

/// The trace of the profile `replay`.
const TRACE: &str = include_str!("../../../../../corpora/profiles/replay.csv");

/// The profile of that name, read with the seed of the run; none if there is none.
pub fn find(name: &str, seed: Seed) -> Option<Result<Profile, ProfileFault>> {
    let (name, text) = FILES.iter().find(|(known, _)| *known == name)?;
    Some(Profile::parse(&file_name(name), text, seed, &trace))
}

/// The name of a profile's file, as messages give it.
pub fn file_name(name: &str) -> String {
    format!("corpora/profiles/{name}.toml")
}

fn trace(name: &str) -> Result<String, String> {
    match name {
        "replay.csv" => Ok(TRACE.to_owned()),
        _other => Err("it does not come with Assay".to_owned()),
    }
}
