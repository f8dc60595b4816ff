//! The operating system as a leaf describes it.

use crate::generation::Generation;

/// Version, build and the little else that a leaf says of the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatingSystem {
    /// As in "27.0.1".
    pub version: String,
    /// As in "24A446" or, of a beta, "26A5378n".
    pub build: String,
    /// `iphoneos` or `macosx`.
    pub platform: String,
    /// Property 1401, a version of the attestation software; since 2026.
    pub software: String,
    /// `Beta` or `Internal`; a release has none.
    pub label: Option<String>,
}

impl OperatingSystem {
    /// A genuine system of the generation.
    pub fn of(generation: Generation) -> Self {
        let system = |version: &str, build: &str, platform: &str, software: &str| Self {
            version: version.to_owned(),
            build: build.to_owned(),
            platform: platform.to_owned(),
            software: software.to_owned(),
            label: None,
        };
        match generation {
            Generation::Ios14 => system("14.4", "18D52", "iphoneos", ""),
            Generation::Ios17 => system("17.5.1", "21F90", "iphoneos", ""),
            Generation::Ios26 => system("26.2", "23C55", "iphoneos", "1.0.198"),
            Generation::Ios27 => system("27.0.1", "24A446", "iphoneos", "1.0.248"),
            Generation::Macos27 => system("27.0", "26A5378n", "macosx", "1.0.223"),
        }
    }

    /// The build in numbers: "24A446" is "24.1.446.0.0,0", "26A5378n" is "26.1.378.5.14,0".
    ///
    /// Major version, train as a letter's place, the number below a thousand, its thousands, and
    /// the final letter's place. A build of another shape gives zeros for what it lacks.
    pub fn build_in_numbers(&self) -> String {
        let major: String = self.build.chars().take_while(char::is_ascii_digit).collect();
        let mut rest = self.build[major.len()..].chars();
        let train = rest.next().map_or(0, place);
        let digits: String = rest.clone().take_while(char::is_ascii_digit).collect();
        let number: u32 = digits.parse().unwrap_or(0);
        let letter = rest.nth(digits.len()).map_or(0, place);
        let major = if major.is_empty() { "0" } else { &major };
        format!("{major}.{train}.{}.{}.{letter},0", number % 1000, number / 1000)
    }
}

/// A = 1, b = 2, …; anything but a letter is 0.
fn place(letter: char) -> u32 {
    let letter = letter.to_ascii_uppercase();
    if letter.is_ascii_uppercase() { u32::from(letter) - u32::from('A') + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::OperatingSystem;
    use crate::generation::Generation;

    #[track_caller]
    fn check(build: &str, numbers: &str) {
        let system =
            OperatingSystem { build: build.to_owned(), ..OperatingSystem::of(Generation::Ios27) };
        assert_eq!(system.build_in_numbers(), numbers);
    }

    #[test]
    fn builds_are_spelled_in_numbers_as_measured() {
        check("21F90", "21.6.90.0.0,0");
        check("21E236", "21.5.236.0.0,0");
        check("22A244b", "22.1.244.0.2,0");
        check("22C5131e", "22.3.131.5.5,0");
        check("23C55", "23.3.55.0.0,0");
        check("24A325b", "24.1.325.0.2,0");
        check("24A446", "24.1.446.0.0,0");
        check("26A5378n", "26.1.378.5.14,0");
        check("", "0.0.0.0.0,0");
    }
}
