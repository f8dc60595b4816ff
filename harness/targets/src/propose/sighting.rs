//! Requests and answers as a text shows or describes them, whatever kind of text it is.

use serde_json::Value;

/// All requests of a text, in its order.
#[derive(Debug, Default)]
pub(super) struct Sightings {
    /// What the server is called, if the text says so.
    pub(super) title: Option<String>,
    /// The requests.
    pub(super) requests: Vec<Sighting>,
    /// What the reader left out or could not follow.
    pub(super) remarks: Vec<String>,
    /// The file of certificates that the text trusts for TLS.
    pub(super) tls_ca: Option<String>,
}

/// A request, and what answered it.
#[derive(Debug, Clone, Default)]
pub(super) struct Sighting {
    /// Where in the text it stands.
    pub(super) at: String,
    /// What it is called besides its path: operation id, summary, tags.
    pub(super) names: String,
    /// The base URL, without the path of the request.
    pub(super) base: Option<String>,
    /// Where the base URL stands in the text.
    pub(super) base_at: String,
    /// The method, in capitals.
    pub(super) method: String,
    /// The parts of the path; those that are parameters have a name.
    pub(super) path: Vec<Member>,
    /// The query.
    pub(super) query: Vec<Member>,
    /// Headers that the server may look at.
    pub(super) headers: Vec<Member>,
    /// Cookies sent.
    pub(super) cookies: Vec<Member>,
    /// The body.
    pub(super) body: Body,
    /// The body as it was recorded.
    pub(super) text: Option<String>,
    /// Answers seen or described, the good one first.
    pub(super) answers: Vec<Answer>,
}

/// A value with its name.
#[derive(Debug, Clone, Default)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) leaf: Leaf,
}

/// A value, or what is known of one.
#[derive(Debug, Clone, Default)]
pub(super) struct Leaf {
    /// The value as recorded, or an example of it.
    pub(super) value: Option<Value>,
    /// The JSON type that a description gives it.
    pub(super) kind: Option<String>,
    /// What a description says about it, in small letters.
    pub(super) hint: String,
    /// The values that a description allows.
    pub(super) choices: Vec<Value>,
    /// Whether the text itself says that it is secret.
    pub(super) secret: bool,
    /// Whether the request can do without it.
    pub(super) optional: bool,
}

/// A body.
#[derive(Debug, Clone, Default)]
pub(super) enum Body {
    #[default]
    Empty,
    Json(Shape),
    Form(Vec<Member>),
    Multipart(Vec<Member>),
    Cbor(Shape),
    /// Neither of these; with its media type and its text, where there are any.
    Raw(Option<String>, Leaf),
}

/// JSON, or a description of it.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    Leaf(Leaf),
    List(Vec<Shape>),
    Map(Vec<(String, Shape)>),
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    /// `200`, or `4XX` and `default` in descriptions.
    pub(super) status: String,
    /// Headers.
    pub(super) headers: Vec<Member>,
    /// Names and values of the cookies it sets.
    pub(super) cookies: Vec<Member>,
    /// Its JSON.
    pub(super) json: Option<Shape>,
    /// Its text, if it is no JSON.
    pub(super) text: Option<String>,
}

/// A place in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Path(usize),
    Query(String),
    Header(String),
    Cookie(String),
    Field(String),
    /// A JSON pointer into the body.
    Json(String),
    Body,
}

impl Sighting {
    /// Every value that is sent, with its name and place.
    pub(super) fn leaves(&self) -> Vec<(Place, String, &Leaf)> {
        let mut all = Vec::new();
        for (index, member) in self.path.iter().enumerate() {
            all.push((Place::Path(index), member.name.clone(), &member.leaf));
        }
        for (members, place) in [
            (&self.query, Place::Query as fn(String) -> Place),
            (&self.headers, Place::Header),
            (&self.cookies, Place::Cookie),
        ] {
            let name = |member: &Member| (place(member.name.clone()), member.name.clone());
            all.extend(members.iter().map(|member| {
                let (place, name) = name(member);
                (place, name, &member.leaf)
            }));
        }
        match &self.body {
            Body::Empty => {}
            Body::Json(shape) | Body::Cbor(shape) => {
                all.extend(
                    shape
                        .leaves()
                        .into_iter()
                        .map(|(at, name, leaf)| (Place::Json(at), name, leaf)),
                );
            }
            Body::Form(fields) | Body::Multipart(fields) => {
                all.extend(fields.iter().map(|member| {
                    (Place::Field(member.name.clone()), member.name.clone(), &member.leaf)
                }));
            }
            Body::Raw(_, leaf) => all.push((Place::Body, String::new(), leaf)),
        }
        all
    }

    /// The path as people write it.
    pub(super) fn shown_path(&self) -> String {
        let part = |member: &Member| match (&member.leaf.value, member.name.as_str()) {
            (Some(value), "") => text_of(value),
            (_, name) => format!("{{{name}}}"),
        };
        format!("/{}", self.path.iter().map(part).collect::<Vec<_>>().join("/"))
    }

    /// Method and path, for people.
    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.method, self.shown_path())
    }

    /// The answer that means yes.
    pub(super) fn good_answer(&self) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.status.starts_with('2'))
    }

    /// Whether it is the same route as another.
    pub(super) fn same_route(&self, other: &Self) -> bool {
        self.method == other.method && self.shown_path() == other.shown_path()
    }
}

impl Shape {
    /// JSON as it is, every scalar a value that was seen.
    pub(super) fn of(json: Value) -> Self {
        match json {
            Value::Array(list) => Self::List(list.into_iter().map(Self::of).collect()),
            Value::Object(map) => {
                Self::Map(map.into_iter().map(|(key, value)| (key, Self::of(value))).collect())
            }
            value @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
                Self::Leaf(Leaf { value: Some(value), ..Leaf::default() })
            }
        }
    }

    /// Every scalar with its JSON pointer and its name: that of the member, behind those of its parents.
    pub(super) fn leaves(&self) -> Vec<(String, String, &Leaf)> {
        let mut all = Vec::new();
        self.walk("", "", &mut all);
        all
    }

    fn walk<'s>(&'s self, at: &str, name: &str, all: &mut Vec<(String, String, &'s Leaf)>) {
        match self {
            Self::Leaf(leaf) => all.push((at.to_owned(), name.to_owned(), leaf)),
            Self::List(list) => {
                for (index, shape) in list.iter().enumerate() {
                    shape.walk(&format!("{at}/{index}"), name, all);
                }
            }
            Self::Map(map) => {
                for (key, shape) in map {
                    let step = key.replace('~', "~0").replace('/', "~1");
                    let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                    shape.walk(&format!("{at}/{step}"), &name, all);
                }
            }
        }
    }
}

impl Leaf {
    /// A recorded text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { value: Some(Value::String(text.into())), ..Self::default() }
    }

    /// Its value, if that is a text.
    pub(super) fn as_str(&self) -> Option<&str> {
        self.value.as_ref().and_then(Value::as_str)
    }
}

impl Member {
    /// A recorded text under a name.
    pub(super) fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), leaf: Leaf::text(text) }
    }
}

/// A scalar as text, without quotes.
pub(super) fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
