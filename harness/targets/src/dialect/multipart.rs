//! Bodies of several parts (RFC 7578), bytes as they are.

use sha2::{Digest, Sha256};

/// A part, ready to be written.
pub(super) struct WrittenPart<'p> {
    pub(super) name: &'p str,
    pub(super) filename: Option<&'p str>,
    pub(super) content_type: Option<&'p str>,
    pub(super) value: Vec<u8>,
}

/// The body, and the media type that names its boundary.
pub(super) fn body(parts: &[WrittenPart<'_>]) -> (String, Vec<u8>) {
    let boundary = boundary(parts);
    let mut body = Vec::new();
    for part in parts {
        let mut head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"",
            escaped(part.name)
        );
        if let Some(filename) = part.filename {
            head.extend(["; filename=\"", &escaped(filename), "\""]);
        }
        if let Some(content_type) = part.content_type {
            head.extend(["\r\nContent-Type: ", content_type]);
        }
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(&part.value);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

/// A boundary that stands in no part; the same parts have the same.
fn boundary(parts: &[WrittenPart<'_>]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(&part.value);
    }
    let mut digest = digest.finalize();
    loop {
        let boundary = format!("assay-{}", hex::encode(&digest[..16]));
        let occurs = |part: &WrittenPart<'_>| {
            part.value.windows(boundary.len()).any(|window| window == boundary.as_bytes())
        };
        if !parts.iter().any(occurs) {
            return boundary;
        }
        digest = Sha256::digest(digest);
    }
}

/// A name within its quotes, as browsers write it.
fn escaped(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_written_byte_for_byte_and_cannot_end_the_body() {
        let part = |name, value: &[u8]| WrittenPart {
            name,
            filename: Some("a\".cbor"),
            content_type: Some("application/octet-stream"),
            value: value.to_vec(),
        };
        let parts = [part("first", b"\r\n--\xff\x00"), part("second\r\n", b"")];
        let (kind, written) = body(&parts);
        let boundary = kind.split_once("boundary=").unwrap().1.to_owned();
        let head = |name: &str| {
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a%22.cbor\"\r\nContent-Type: application/octet-stream\r\n\r\n").into_bytes()
        };
        let expected = [
            head("first"),
            b"\r\n--\xff\x00\r\n".to_vec(),
            head("second%0D%0A"),
            format!("\r\n--{boundary}--\r\n").into_bytes(),
        ];
        assert_eq!(written, expected.concat());
        assert_eq!(body(&parts), (kind, written), "the same parts, the same bytes");
    }
}
