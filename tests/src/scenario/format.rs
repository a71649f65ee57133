//! What a scenario may say; explained for all languages in `tests/README.md`. Unknown names are refused.
//!
//! Before anything else is read, `"$token:NAME"` is replaced everywhere by the token that `tokens` describes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::token::unsigned;

/// One case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// A sentence.
    pub name: String,
    /// Why the case matters, where the name does not say.
    #[serde(default)]
    pub why: String,
    /// Whether no two calls overlap, so that one blocking thread can play it.
    pub sequential: bool,
    /// `caller` or `detached`, where the case is about it; else it holds for both.
    #[serde(default)]
    pub renewal: Option<String>,
    /// The claims of every token that occurs.
    #[serde(default)]
    pub tokens: Map<String, Value>,
    /// What surrounds the client.
    pub world: Surroundings,
    /// The options, as a binding hands them to the core.
    #[serde(default)]
    pub options: Map<String, Value>,
    /// The values of the options' secret slots.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// What callers do, in the order of time.
    #[serde(default)]
    pub calls: Vec<Call>,
    /// What the whole run must show.
    #[serde(default)]
    pub expect: Expect,
}

/// What surrounds the client.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surroundings {
    /// The operating system.
    pub platform: String,
    /// All variables there are.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// All files there are: a text, or rules in order.
    #[serde(default)]
    pub files: BTreeMap<String, FileRules>,
    /// All commands there are.
    #[serde(default)]
    pub commands: Vec<CommandRule>,
    /// All servers there are.
    #[serde(default)]
    pub http: Vec<HttpRule>,
    /// What the user's functions answer who sign (`signing_key`), in order.
    #[serde(default)]
    pub signatures: Vec<HandRule>,
    /// What the user's functions answer who give client assertions (`assertion`), in order.
    #[serde(default)]
    pub assertions: Vec<HandRule>,
    /// What people do who are told where to sign in; without a rule they read it.
    #[serde(default)]
    pub prompts: Vec<HandRule>,
    /// What the browser brings that is opened, in order.
    #[serde(default)]
    pub browser: Vec<HandRule>,
    /// What the functions answer with which a secret is rotated, in order.
    #[serde(default)]
    pub steps: Vec<StepRule>,
}

/// What a function answers with which a secret is rotated.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StepRule {
    /// Which function: `make`, `apply` or `verify`.
    pub step: String,
    /// The value that it must be given,
    pub value: Option<String>,
    /// and the slot.
    pub slot: Option<String>,
    /// The value that it makes.
    pub text: String,
    /// Or how it fails: `refused` (verify found that the value does not work) or `other` (it raised something).
    pub fault: Option<String>,
    /// How long it takes, in milliseconds.
    pub delay: Option<u64>,
    /// How often the rule applies.
    pub times: Option<u32>,
}

/// What a function of the user's, or a person, answers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HandRule {
    /// The answer: a signature's bytes, an assertion, or what the browser brings, in which `$state` stands for the
    /// state that it was sent out with.
    pub text: String,
    /// Or why there is none.
    pub fault: Option<String>,
    /// How long it takes, in milliseconds.
    pub delay: Option<u64>,
    /// How often the rule applies.
    pub times: Option<u32>,
}

/// A file's content over time.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum FileRules {
    /// Always this.
    Text(String),
    /// The first rule that is not used up.
    Rules(Vec<FileRule>),
}

/// One content of a file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileRule {
    /// The content,
    pub text: String,
    /// or the content in base64.
    pub base64: Option<String>,
    /// Whether others than its owner may read it.
    pub shared: bool,
    /// Whether it is a symbolic link.
    pub link: bool,
    /// Or why it cannot be read.
    pub fault: Option<String>,
    /// How long reading takes, in milliseconds.
    pub delay: Option<u64>,
    /// How often the rule applies.
    pub times: Option<u32>,
}

/// A command.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CommandRule {
    /// The beginning of the arguments, program included.
    pub argv: Vec<String>,
    /// The exit status.
    pub status: i32,
    /// A text, or JSON to be printed.
    pub stdout: Value,
    /// A text.
    pub stderr: String,
    /// Or why it cannot be run.
    pub fault: Option<String>,
    /// How long it runs, in milliseconds.
    pub delay: Option<u64>,
    /// How often the rule applies.
    pub times: Option<u32>,
}

/// A server's answer to some requests.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpRule {
    /// The method.
    pub method: String,
    /// The whole URL,
    pub url: Option<String>,
    /// or its beginning.
    pub url_prefix: Option<String>,
    /// Headers that must be there, with their values; `*` for any.
    pub headers: BTreeMap<String, String>,
    /// Headers that must not be there.
    pub no_headers: Vec<String>,
    /// Texts that the body must hold.
    pub body_contains: Vec<String>,
    /// Texts that the body must not hold.
    pub body_lacks: Vec<String>,
    /// The way it must take: `ordinary`, `direct`, `pinned` or `private`.
    pub route: Option<String>,
    /// What a pinned or private way trusts: the SHA-1 in hexadecimal, or the PEM text.
    pub trust: Option<String>,
    /// The server name of a private way.
    pub server_name: Option<String>,
    /// How often the rule applies.
    pub times: Option<u32>,
    /// How long the answer takes, in milliseconds.
    pub delay: Option<u64>,
    /// The answer.
    pub reply: Option<Reply>,
    /// Or why there is none.
    pub fault: Option<String>,
}

/// An HTTP answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: BTreeMap<String, String>,
    /// The body as JSON,
    pub json: Option<Value>,
    /// or as text.
    pub text: Option<String>,
}

/// What a caller does.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Call {
    /// When, in milliseconds since the beginning.
    pub at_ms: u64,
    /// The caller's name; calls without an end have none.
    #[serde(rename = "as")]
    pub caller: String,
    /// That many callers at once.
    pub count: Option<u32>,
    /// An operation of the core's, `refresh`, `invalidate`, `invalidate_all` or `set_wall_clock`.
    pub op: String,
    /// The vault's URL.
    pub vault: Option<String>,
    /// The secret's name.
    pub name: Option<String>,
    /// The secret's version.
    pub version: Option<String>,
    /// The value to set, or the backup to restore.
    pub value: Option<String>,
    /// Further arguments of an operation of the core's, by its names.
    pub arguments: Map<String, Value>,
    /// The scopes of a token.
    pub scopes: Vec<String>,
    /// Its tenant.
    pub tenant: Option<String>,
    /// Its claims.
    pub claims: Option<String>,
    /// Whether a person is to sign in in any case.
    pub authenticate: bool,
    /// How far the wall clock is set, in milliseconds.
    pub by_ms: i64,
    /// The caller's own timeout, in seconds.
    pub timeout: Option<f64>,
    /// When the caller goes away, in milliseconds since the beginning.
    pub cancel_at_ms: Option<u64>,
    /// What it gets.
    pub expect: Option<Ending>,
    /// It takes so many milliseconds at most,
    pub finished_within_ms: Option<u64>,
    /// and so many at least.
    pub finished_after_ms: Option<u64>,
}

/// How a call ends. What is left out may be anything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ending {
    /// The secret's value.
    pub value: Option<String>,
    /// The secret's properties: a part of them.
    pub properties: Map<String, Value>,
    /// What a deleted secret has besides its properties: a part of it.
    pub deleted: Map<String, Value>,
    /// The names on a page, with a slash and the version where there is one; in order.
    pub page: Option<Vec<String>>,
    /// What asks for the next page; `null` at the end.
    #[serde(deserialize_with = "given")]
    pub continuation: Option<Option<String>>,
    /// Whether the service has finished.
    pub finished: Option<bool>,
    /// The backup.
    pub backup: Option<String>,
    /// How many secrets at once fared, by their names.
    pub secrets: BTreeMap<String, Ending>,
    /// What the doctor tells (a report, a health, a forecast): a part of it, in depth; lists are whole.
    pub told: Option<Value>,
    /// Texts in what it prints.
    pub text_contains: Vec<String>,
    /// Seconds until the next look at what is due: the least and the most.
    pub next_refresh: Option<(f64, f64)>,
    /// The token.
    pub token: Option<String>,
    /// The name of the error's kind.
    pub error: Option<String>,
    /// Texts in the message.
    pub message_contains: Vec<String>,
    /// Texts that must not be in it.
    pub message_lacks: Vec<String>,
    /// Texts in the advice.
    pub advice_contains: Vec<String>,
    /// Source and ending of every attempt, in order.
    pub attempts: Option<Vec<(String, String)>>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The service's code.
    pub code: Option<String>,
    /// The service's inner code.
    pub inner_code: Option<String>,
    /// The code of the verdict.
    pub help: Option<String>,
    /// The credential concerned.
    pub source: Option<String>,
    /// The service's request id.
    pub request_id: Option<String>,
    /// The claims that a user must satisfy.
    pub claims: Option<String>,
    /// The identity concerned: a part of `tenant`, `client`, `object`, `resource`.
    pub identity: Map<String, Value>,
    /// The caller went away, as it wanted.
    pub cancelled: bool,
}

/// What the whole run shows. What is left out may be anything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expect {
    /// Every request, in order: the beginning of `METHOD url`.
    pub requests: Option<Vec<String>>,
    /// How many requests begin so.
    pub counts: BTreeMap<String, Count>,
    /// Every command, in order: the beginning of its arguments, joined by blanks.
    pub commands: Option<Vec<String>>,
    /// Every file that is read, in order.
    pub files: Option<Vec<String>>,
    /// Every prompt, in order: `user_code at verification_uri`.
    pub prompts: Option<Vec<String>>,
    /// Every page that is opened in a browser, in order: the beginning of its URL.
    pub pages: Option<Vec<String>>,
    /// Every signature that a function of the user's is asked for, in order: `PS256` or `RS256`.
    pub signatures: Option<Vec<String>>,
    /// Every function that is called for a rotation, in order: `make`, `apply`, `verify`, and the slot after a blank.
    pub steps: Option<Vec<String>>,
    /// Every event, in order: its name, or a part of it.
    pub events: Option<Vec<Value>>,
    /// Events among others.
    pub events_include: Vec<Value>,
    /// Names of events that must not occur.
    pub events_exclude: Vec<String>,
    /// Beginnings of URLs to which nothing must be sent.
    pub never_sent_to: Vec<String>,
    /// What the cache tells of itself at the end: a part of it.
    pub cache_info: Map<String, Value>,
    /// The client cannot even be built.
    pub construction: Option<Ending>,
}

/// What is given, `null` included.
fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// A number, or the least and the most.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
pub enum Count {
    /// Exactly.
    Exactly(usize),
    /// From, to.
    Between(usize, usize),
}

impl Scenario {
    /// Reads a case and puts the tokens in place.
    pub fn read(mut value: Value) -> Result<Self, String> {
        let tokens: Vec<(String, String)> = value["tokens"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, claims)| (format!("$token:{name}"), unsigned(claims)))
            .collect();
        replace(&mut value, &tokens);
        if let Some(left) = value.to_string().split("$token:").nth(1) {
            let name: String = left.chars().take(20).collect();
            return Err(format!("no token is called {name}…"));
        }
        serde_json::from_value(value).map_err(|why| why.to_string())
    }
}

fn replace(value: &mut Value, tokens: &[(String, String)]) {
    match value {
        Value::String(text) => {
            for (mark, token) in tokens {
                if text.contains(mark.as_str()) {
                    *text = text.replace(mark.as_str(), token);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, tokens)),
        Value::Object(fields) => fields.values_mut().for_each(|item| replace(item, tokens)),
        _ => {}
    }
}
