use super::words::commands;
use super::*;
use crate::propose::sighting::{Body, Sighting};

fn read_one(text: &str) -> Sighting {
    let seen = read(text, "curl").unwrap();
    assert_eq!(seen.requests.len(), 1, "{text}");
    seen.requests.into_iter().next().unwrap()
}

fn failed(text: &str) -> String {
    read(text, "lines.sh").unwrap_err().to_string()
}

#[test]
fn words_are_those_of_a_shell() {
    for (text, words) in [
        ("curl  'a b' \"c 'd' \\\" \\$e\"", vec!["curl", "a b", "c 'd' \" $e"]),
        ("curl \\\n  -d x\\ y", vec!["curl", "-d", "x y"]),
        ("curl \\\r\n  -d x", vec!["curl", "-d", "x"]),
        (r"curl $'a\'b\n\x41\u00e9\101\\'", vec!["curl", "a'b\nAé\u{41}\\"]),
        ("curl a'b'\"c\"$'d'", vec!["curl", "abcd"]),
        ("curl # not this\n", vec!["curl"]),
        ("curl ''", vec!["curl", ""]),
        ("curl \"a\\\nb\"", vec!["curl", "ab"]),
    ] {
        let read = commands(text, "x").unwrap();
        let read: Vec<&str> = read[0].iter().map(|word| word.text.as_str()).collect();
        assert_eq!(read, words, "{text}");
    }
    let several = commands("curl a; curl b && curl c | jq .\n\n curl d &\n# curl e", "x").unwrap();
    assert_eq!(several.len(), 5);
    assert_eq!((several[4][0].line, several[4][0].column), (3, 2));
    assert!(commands("a \"$B\" c", "x").unwrap()[0][1].expands);
    assert!(!commands("a '$B' c", "x").unwrap()[0][1].expands);
}

#[test]
fn a_quote_that_stays_open_is_pointed_at() {
    assert_eq!(failed("curl x \\\n  -d 'abc"), "lines.sh:2:6: this ' is never closed");
    assert_eq!(failed("curl \"abc"), "lines.sh:1:6: this \" is never closed");
    assert!(failed("curl $'abc\\").contains("never closed"));
}

#[test]
fn options_become_the_request_that_curl_would_send() {
    let sent = read_one("curl 'https://h:8443/a%20b/c?x=1&y=' -H 'X-Key: v' -H 'Cookie: a=b; c=d'");
    assert_eq!((sent.method.as_str(), sent.base.as_deref()), ("GET", Some("https://h:8443")));
    assert_eq!(sent.path[0].leaf.as_str(), Some("a b"));
    assert_eq!((sent.query.len(), sent.cookies.len(), sent.headers.len()), (2, 2, 1));

    for (text, is) in [
        ("curl h/p -d a=b -d c=d", "form"),
        ("curl h/p --json '{\"a\":1}'", "json"),
        ("curl h/p -H 'content-type: application/json' --data-raw $'{\"a\":\"\\u0021\"}'", "json"),
        ("curl h/p --data-binary @body.bin -H 'Content-Type: application/cbor'", "raw"),
        ("curl h/p -F a=b -F 'file=@x.bin;type=a/b'", "multipart"),
        ("curl -sSLXPOST h/p", "empty"),
        ("curl -G h/p -d a=b", "empty"),
        ("curl --request=PUT --url=h/p --data-urlencode 'a=b c'", "form"),
        ("curl -o out.json --max-time 3 -A agent h/p -dx=y", "form"),
    ] {
        let sent = read_one(text);
        let kind = match sent.body {
            Body::Empty => "empty",
            Body::Json(_) => "json",
            Body::Form(_) => "form",
            Body::Multipart(_) => "multipart",
            Body::Cbor(_) => "cbor",
            Body::Raw(..) => "raw",
        };
        assert_eq!(kind, is, "{text}");
        assert_eq!(sent.shown_path(), "/p", "{text}");
    }
    assert_eq!(read_one("curl -sSLXPOST h/p").method, "POST");
    assert_eq!(read_one("curl -X delete h/p").method, "DELETE");
    assert_eq!(read_one("curl -G h/p -d a=b").query.len(), 1);
    assert_eq!(read_one("curl -u me:pw h").headers[0].leaf.as_str(), Some("Basic bWU6cHc="));
    assert_eq!(read_one("curl http://me:pw@h").headers[0].leaf.as_str(), Some("Basic bWU6cHc="));
    assert_eq!(read("curl --cacert ca.pem -k h", "x").unwrap().tls_ca.as_deref(), Some("ca.pem"));
}

#[test]
fn commands_that_say_too_little_are_told_so() {
    assert_eq!(failed("\n\n  curl -s"), "lines.sh:3:3: this curl command has no URL");
    assert_eq!(failed("curl h -H"), "lines.sh:1:8: `-H` needs a value behind it");
    assert!(failed("curl 'http://$HOST:$PORT/x'").contains("is no URL"));
    assert!(failed("curl ^\"http://h^\" ^\n -d x").contains("cURL (bash)"));
    assert!(
        looks_like("$ curl x") && looks_like("  /usr/bin/curl x") && !looks_like("curly braces")
    );
}
