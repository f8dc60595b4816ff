use super::Gate;
use crate::selftest::constant::Constant;

/// What a report says of a constant server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The server.
    pub constant: Constant,
    /// What the report took it for, in its own word; `None` for a server like any other.
    pub word: Option<String>,
    /// Genuine requests that the report counts as served.
    pub served: u64,
}

/// G6: a report says of each constant server what it is, and one that refuses everything scores
/// nothing on interoperability.
pub fn constant_servers_are_told_apart(told: &[Told]) -> Gate {
    let mut broken = Vec::new();
    for one in told {
        let name = one.constant.as_str();
        let expected = banner(one.constant);
        match one.word.as_deref() {
            Some(word) if word == expected => {}
            Some(word) => broken.push(format!("constant.{name} was taken for `{word}`")),
            None => broken.push(format!("constant.{name} was not told from any other server")),
        }
        if one.constant == Constant::Reject && one.served > 0 {
            broken.push(format!("constant.{name} scores {} on interoperability", one.served));
        }
    }
    Gate::new("G6", "Each constant server is found out for what it is.", broken)
}

/// The word that the report has for it.
fn banner(constant: Constant) -> &'static str {
    match constant {
        Constant::Accept => "accepts-everything",
        Constant::Reject => "refuses-everything",
        Constant::Fail => "fails",
        Constant::Hang => "hangs",
        Constant::Close => "closes",
        Constant::ErrorBody
        | Constant::Echo
        | Constant::Random
        | Constant::Empty
        | Constant::Page => "unreadable",
    }
}

#[cfg(test)]
mod tests {
    use super::super::broken;
    use super::*;

    fn check(constant: Constant, word: Option<&str>, served: u64) -> Vec<String> {
        let told = Told { constant, word: word.map(str::to_owned), served };
        broken(&constant_servers_are_told_apart(&[told]))
    }

    #[test]
    fn the_wrong_banner_and_none_at_all_break_it() {
        for constant in Constant::ALL {
            assert!(check(constant, Some(banner(constant)), 0).is_empty());
        }
        assert_eq!(
            check(Constant::Hang, Some("fails"), 0),
            ["constant.hang was taken for `fails`"]
        );
        assert_eq!(
            check(Constant::Hang, None, 0),
            ["constant.hang was not told from any other server"]
        );
    }

    #[test]
    fn refusing_everything_must_score_nothing() {
        assert_eq!(
            check(Constant::Reject, Some("refuses-everything"), 3),
            ["constant.reject scores 3 on interoperability"]
        );
    }
}
