//! The world of a scenario: the first rule that fits and is not used up answers.

use std::cell::RefCell;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nightlatch_core::effect::{
    Effect, Fault, FaultKind, Outcome, Request, Response, RotationStep, Route, SigningKey,
};
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::Now;
use serde_json::Value;

use super::format::{CommandRule, FileRule, FileRules, HandRule, HttpRule, Reply, Surroundings};
use crate::world::Host;

/// What an answer takes where the file does not say, in milliseconds.
const DELAY: u64 = 10;

/// Answers by rules.
pub struct Script {
    world: Surroundings,
    used: Vec<u32>,
    hands: [Vec<u32>; 4],
    /// Random bytes given so far.
    drawn: usize,
    steps: Vec<u32>,
    complaints: Rc<RefCell<Vec<String>>>,
}

impl Script {
    /// A world in which no rule has been used.
    pub fn new(world: Surroundings) -> Self {
        let rules = world.files.len() * FILE_RULES + world.commands.len() + world.http.len();
        let hands = [
            &world.signatures,
            &world.assertions,
            &world.prompts,
            &world.browser,
        ];
        Self {
            hands: hands.map(|rules| vec![0; rules.len()]),
            steps: vec![0; world.steps.len()],
            world,
            used: vec![0; rules],
            drawn: 0,
            complaints: Rc::default(),
        }
    }

    /// What was asked for that no rule answers. A scenario with complaints has failed.
    pub fn complaints(&self) -> Rc<RefCell<Vec<String>>> {
        Rc::clone(&self.complaints)
    }

    fn http(&mut self, request: &Request, route: &Route) -> (Outcome, u64) {
        let from = self.world.files.len() * FILE_RULES + self.world.commands.len();
        for (at, rule) in self.world.http.iter().enumerate() {
            if fits(rule, request) && goes(rule, route) && take(&mut self.used[from + at], rule.times) {
                let outcome = match (&rule.fault, &rule.reply) {
                    (Some(name), _) => fault(name),
                    (None, Some(reply)) => Outcome::Http(response(reply)),
                    (None, None) => fault("other"),
                };
                return (outcome, rule.delay.unwrap_or(DELAY));
            }
        }
        self.complain(format!("no rule answers {request:?} by {route:?}"))
    }

    fn command(&mut self, argv: &[String]) -> (Outcome, u64) {
        let from = self.world.files.len() * FILE_RULES;
        for (at, rule) in self.world.commands.iter().enumerate() {
            if argv.starts_with(&rule.argv) && take(&mut self.used[from + at], rule.times) {
                return (ran(rule), rule.delay.unwrap_or(DELAY));
            }
        }
        (fault("not_found"), DELAY)
    }

    fn file(&mut self, path: &str, limit: usize, plain: bool) -> (Outcome, u64) {
        let (outcome, delay) = self.content(path, plain);
        match outcome {
            Outcome::File { content, .. } if content.len() > limit => (fault("too_large"), delay),
            outcome => (outcome, delay),
        }
    }

    fn content(&mut self, path: &str, plain: bool) -> (Outcome, u64) {
        let Some((at, rules)) = self
            .world
            .files
            .iter()
            .enumerate()
            .find_map(|(at, (p, rules))| (p == path).then_some((at, rules)))
        else {
            return (fault("not_found"), DELAY);
        };
        match rules {
            FileRules::Text(text) => (
                Outcome::File {
                    content: Sensitive::from(text.as_str()),
                    shared: false,
                },
                DELAY,
            ),
            FileRules::Rules(rules) => {
                assert!(rules.len() <= FILE_RULES, "too many rules for {path}");
                for (nr, rule) in rules.iter().enumerate() {
                    if take(&mut self.used[at * FILE_RULES + nr], rule.times) {
                        return (content(rule, plain), rule.delay.unwrap_or(DELAY));
                    }
                }
                (fault("not_found"), DELAY)
            }
        }
    }

    /// What a function of the user's answers, or a person.
    fn hand(&mut self, which: Hand, or: Option<&str>) -> Result<(String, u64), (Outcome, u64)> {
        let world = &self.world;
        let rules: &[HandRule] = match which {
            Hand::Signature => &world.signatures,
            Hand::Assertion => &world.assertions,
            Hand::Prompt => &world.prompts,
            Hand::Browser => &world.browser,
        };
        for (rule, used) in rules.iter().zip(&mut self.hands[which as usize]) {
            if take(used, rule.times) {
                let delay = rule.delay.unwrap_or(DELAY);
                return match &rule.fault {
                    Some(name) => Err((fault(name), delay)),
                    None => Ok((rule.text.clone(), delay)),
                };
            }
        }
        match or {
            Some(text) => Ok((text.to_owned(), DELAY)),
            None => Err(self.complain(format!("no rule answers {which:?}"))),
        }
    }

    /// What a function answers with which a secret is rotated.
    fn step(&mut self, step: RotationStep, value: Option<&str>, slot: Option<&str>) -> (Outcome, u64) {
        for (rule, used) in self.world.steps.iter().zip(&mut self.steps) {
            let fits = rule.step == step.name()
                && (rule.value.is_none() || rule.value.as_deref() == value)
                && (rule.slot.is_none() || rule.slot.as_deref() == slot);
            if fits && take(used, rule.times) {
                let outcome = match (&rule.fault, step) {
                    (Some(name), _) => fault(name),
                    (None, RotationStep::Make) => Outcome::Made(rule.text.as_str().into()),
                    (None, _) => Outcome::Done,
                };
                return (outcome, rule.delay.unwrap_or(DELAY));
            }
        }
        self.complain(format!(
            "no rule answers {} with {value:?} for {slot:?}",
            step.name()
        ))
    }

    fn complain(&self, text: String) -> (Outcome, u64) {
        self.complaints.borrow_mut().push(text.clone());
        (Outcome::Failed(Fault::new(FaultKind::Other, text)), DELAY)
    }
}

/// The answers that are no machine's.
#[derive(Clone, Copy, Debug)]
enum Hand {
    Signature,
    Assertion,
    Prompt,
    Browser,
}

/// The most rules that one file has.
const FILE_RULES: usize = 8;

impl Host for Script {
    fn perform(&mut self, effect: &Effect, _: Now) -> (Outcome, u64) {
        match effect {
            Effect::Http { request, route, .. } => self.http(request, route),
            Effect::Run { argv, .. } => self.command(argv),
            Effect::ReadFile { path, limit, plain } => self.file(path, *limit, *plain),
            // A key at hand needs no rule: what a signature is like does not matter to any case.
            Effect::Sign {
                key: SigningKey::Pkcs8(_),
                ..
            } => (Outcome::Signed(b"signature".to_vec()), 0),
            Effect::Sign { .. } => match self.hand(Hand::Signature, None) {
                Ok((text, delay)) => (Outcome::Signed(text.into_bytes()), delay),
                Err(failed) => failed,
            },
            Effect::Assertion { .. } => match self.hand(Hand::Assertion, None) {
                Ok((text, delay)) => (Outcome::Assertion(text.into()), delay),
                Err(failed) => failed,
            },
            Effect::Prompt { .. } => match self.hand(Hand::Prompt, Some("")) {
                Ok((_, delay)) => (Outcome::Prompted, delay),
                Err(failed) => failed,
            },
            Effect::Browse { port, state, .. } => match self.hand(Hand::Browser, None) {
                Ok((text, delay)) => {
                    let redirect_uri = format!("http://localhost:{}", port.unwrap_or(8400));
                    let answer = text.replace("$state", state).into();
                    (Outcome::Returned { redirect_uri, answer }, delay)
                }
                Err(failed) => failed,
            },
            // 0, 1, 2, … throughout the play: nothing is left to chance.
            Effect::Random { length } => {
                let bytes: Vec<u8> = (self.drawn..self.drawn + length).map(|at| at as u8).collect();
                self.drawn += length;
                (Outcome::Random(bytes.into()), 0)
            }
            Effect::Rotate {
                step, value, slot, ..
            } => self.step(
                *step,
                value.as_ref().and_then(Sensitive::expose_str),
                slot.as_deref(),
            ),
            other => self.complain(format!("no rule answers {other:?}")),
        }
    }
}

fn fits(rule: &HttpRule, request: &Request) -> bool {
    let header = |name: &str| {
        request
            .headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .and_then(|(_, value)| value.expose_str())
    };
    let body = request.body.expose_str().unwrap_or_default();
    (rule.method.is_empty() || rule.method == request.method.as_str())
        && rule.url.as_ref().is_none_or(|url| *url == request.url)
        && rule
            .url_prefix
            .as_ref()
            .is_none_or(|prefix| request.url.starts_with(prefix))
        && rule
            .headers
            .iter()
            .all(|(name, value)| header(name).is_some_and(|v| value == "*" || v == value))
        && rule.no_headers.iter().all(|name| header(name).is_none())
        && rule.body_contains.iter().all(|part| body.contains(part))
        && !rule.body_lacks.iter().any(|part| body.contains(part))
}

fn goes(rule: &HttpRule, route: &Route) -> bool {
    let (name, trust, server_name) = match route {
        Route::Ordinary => ("ordinary", None, None),
        Route::Direct => ("direct", None, None),
        Route::Pinned(sha1) => {
            let hexadecimal: String = sha1.iter().map(|byte| format!("{byte:02x}")).collect();
            ("pinned", Some(hexadecimal), None)
        }
        Route::Private { roots, server_name } => ("private", Some(roots.to_string()), server_name.as_deref()),
    };
    rule.route.as_ref().is_none_or(|wanted| wanted == name)
        && rule
            .trust
            .as_ref()
            .is_none_or(|wanted| Some(wanted) == trust.as_ref())
        && rule
            .server_name
            .as_ref()
            .is_none_or(|wanted| Some(wanted.as_str()) == server_name)
}

fn take(used: &mut u32, times: Option<u32>) -> bool {
    let free = times.is_none_or(|times| *used < times);
    *used += u32::from(free);
    free
}

fn response(reply: &Reply) -> Response {
    let body = match (&reply.json, &reply.text) {
        (Some(json), _) => json.to_string(),
        (None, Some(text)) => text.clone(),
        (None, None) => String::new(),
    };
    Response {
        status: reply.status,
        headers: reply
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        body: Sensitive::from(body),
    }
}

fn ran(rule: &CommandRule) -> Outcome {
    if let Some(name) = &rule.fault {
        return fault(name);
    }
    let stdout = match &rule.stdout {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        json => json.to_string(),
    };
    Outcome::Ran {
        status: Some(rule.status),
        stdout: stdout.into(),
        stderr: rule.stderr.as_str().into(),
    }
}

fn content(rule: &FileRule, plain: bool) -> Outcome {
    match (&rule.fault, &rule.base64) {
        (Some(name), _) => fault(name),
        (None, _) if rule.link && plain => fault("not_plain"),
        (None, Some(coded)) => Outcome::File {
            content: STANDARD.decode(coded).expect("base64").into(),
            shared: rule.shared,
        },
        (None, None) => Outcome::File {
            content: Sensitive::from(rule.text.as_str()),
            shared: rule.shared,
        },
    }
}

fn fault(name: &str) -> Outcome {
    let kind = FaultKind::from_name(name).unwrap_or_else(|| panic!("{name:?} is no fault"));
    Outcome::Failed(Fault::new(kind, "as the scenario says"))
}
