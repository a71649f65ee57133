//! What happened in a world, as the expected value of tests. No body, no header value, no secret is in it.

use std::fmt;

use nightlatch_core::effect::{Effect, Outcome, SigningKey};
use serde_json::Value;

/// One thing that happened, and when, in milliseconds since the world began.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// When.
    pub at_ms: u64,
    /// What.
    pub entry: Entry,
}

/// The things that happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A caller began.
    Began(String),
    /// The engine asked for an HTTP exchange.
    Asked {
        /// `METHOD url`.
        request: String,
        /// Names of the headers, in order.
        headers: Vec<String>,
    },
    /// The engine asked for a file.
    Read(String),
    /// The engine asked for a command: its arguments, joined by blanks.
    Ran(String),
    /// The engine asked a credential object that the host holds.
    AskedHost(String),
    /// The engine asked a function of the user's to sign, by this algorithm.
    Signed(String),
    /// A person was told a code and the page where to type it.
    Prompted(String),
    /// A page was opened in a browser.
    Browsed(String),
    /// A function was called with which a secret is rotated, and for which slot.
    Stepped(String),
    /// The engine lost interest in what it had asked for.
    Aborted(String),
    /// An answer came in; `late` when nobody waited for it any more.
    Answered {
        /// What had been asked for.
        what: String,
        /// A status, `ok`, or the fault's name.
        with: String,
        /// Whether it was ignored.
        late: bool,
    },
    /// The engine told something.
    Told(Value),
    /// A caller's operation ended: `ok`, `cached`, or the error's name.
    Ended(String, String),
    /// A caller went away.
    Left(String),
    /// Something was done to the world or the engine.
    Did(String),
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>8} ", self.at_ms)?;
        match &self.entry {
            Entry::Began(who) => write!(f, "{who} begins"),
            Entry::Asked { request, headers } => write!(f, "> {request} [{}]", headers.join(", ")),
            Entry::Read(path) => write!(f, "> file {path}"),
            // A script in base64 tells a reader nothing.
            Entry::Ran(argv) => write!(f, "> run {argv:.200}"),
            Entry::AskedHost(what) => write!(f, "> host {what}"),
            Entry::Signed(algorithm) => write!(f, "> sign {algorithm}"),
            Entry::Prompted(what) => write!(f, "> prompt {what}"),
            Entry::Browsed(url) => write!(f, "> browse {url}"),
            Entry::Stepped(what) => write!(f, "> function {what}"),
            Entry::Aborted(what) => write!(f, "x {what}"),
            Entry::Answered { what, with, late } => {
                write!(
                    f,
                    "< {with} to {what:.200}{}",
                    if *late { " (too late)" } else { "" }
                )
            }
            Entry::Told(event) => write!(f, "! {event}"),
            Entry::Ended(who, how) => write!(f, "{who} ends: {how}"),
            Entry::Left(who) => write!(f, "{who} leaves"),
            Entry::Did(what) => write!(f, "{what}"),
        }
    }
}

/// All lines, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log(pub Vec<Line>);

impl Log {
    /// The `METHOD url` of every request, in order.
    pub fn requests(&self) -> Vec<&str> {
        self.pick(|entry| match entry {
            Entry::Asked { request, .. } => Some(request.as_str()),
            _ => None,
        })
    }

    /// Every command, in order.
    pub fn commands(&self) -> Vec<&str> {
        self.pick(|entry| match entry {
            Entry::Ran(argv) => Some(argv.as_str()),
            _ => None,
        })
    }

    /// Every file that was asked for, in order.
    pub fn files(&self) -> Vec<&str> {
        self.pick(|entry| match entry {
            Entry::Read(path) => Some(path.as_str()),
            _ => None,
        })
    }

    /// Every signature that a function of the user's was asked for, in order.
    pub fn signatures(&self) -> Vec<&str> {
        self.pick(|entry| match entry {
            Entry::Signed(algorithm) => Some(algorithm.as_str()),
            _ => None,
        })
    }

    /// Every prompt, in order.
    pub fn prompts(&self) -> Vec<&str> {
        self.pick(|entry| match entry {
            Entry::Prompted(what) => Some(what.as_str()),
            _ => None,
        })
    }

    /// Every page that was opened, in order.
    pub fn pages(&self) -> Vec<&str> {
        self.pick(|entry| match entry {
            Entry::Browsed(url) => Some(url.as_str()),
            _ => None,
        })
    }

    /// Every function that was called for a rotation, in order.
    pub fn steps(&self) -> Vec<&str> {
        self.pick(|entry| match entry {
            Entry::Stepped(what) => Some(what.as_str()),
            _ => None,
        })
    }

    /// Every event, in order.
    pub fn events(&self) -> Vec<&Value> {
        self.pick(|entry| match entry {
            Entry::Told(event) => Some(event),
            _ => None,
        })
    }

    fn pick<'a, T>(&'a self, choose: impl Fn(&'a Entry) -> Option<T>) -> Vec<T> {
        self.0.iter().filter_map(|line| choose(&line.entry)).collect()
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// The entry for an effect.
pub(super) fn asked(effect: &Effect) -> Entry {
    match effect {
        Effect::Http { request, .. } => Entry::Asked {
            request: describe(effect),
            headers: request.headers.iter().map(|(name, _)| name.to_string()).collect(),
        },
        Effect::ReadFile { path, .. } => Entry::Read(path.clone()),
        Effect::Run { argv, .. } => Entry::Ran(argv.join(" ")),
        Effect::Sign {
            key: SigningKey::Host(_),
            algorithm,
            ..
        } => Entry::Signed(algorithm.name().into()),
        Effect::Prompt { .. } => Entry::Prompted(describe(effect)),
        Effect::Browse { .. } => Entry::Browsed(describe(effect)),
        Effect::Rotate { .. } => Entry::Stepped(describe(effect)),
        other => Entry::AskedHost(describe(other)),
    }
}

/// An effect in a few words.
pub(super) fn describe(effect: &Effect) -> String {
    match effect {
        Effect::Http { request, .. } => format!("{} {}", request.method.as_str(), request.url),
        Effect::ReadFile { path, .. } => path.clone(),
        Effect::Run { argv, .. } => argv.join(" "),
        Effect::HostToken { handle, scopes, .. } => {
            format!("token of {handle} for {}", scopes.join(" "))
        }
        Effect::Sign { algorithm, .. } => format!("signature by {}", algorithm.name()),
        Effect::Assertion { handle } => format!("assertion of {handle}"),
        Effect::Prompt {
            user_code,
            verification_uri,
            ..
        } => format!("{user_code} at {verification_uri}"),
        Effect::Browse { url, .. } => url.clone(),
        Effect::Rotate { step, slot, .. } => match slot {
            Some(slot) => format!("{} {slot}", step.name()),
            None => step.name().to_owned(),
        },
        other => format!("{other:?}"),
    }
}

/// An answer in a word.
pub(super) fn with(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Http(response) => response.status.to_string(),
        Outcome::Ran { status, .. } => status.map_or_else(|| "a signal".into(), |status| status.to_string()),
        Outcome::Failed(fault) => fault.kind.name().into(),
        _ => "ok".into(),
    }
}
