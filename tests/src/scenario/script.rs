//! The world of a scenario: the first rule that fits and is not used up answers.

use std::cell::RefCell;
use std::rc::Rc;

use nightlatch_core::effect::{Effect, Fault, FaultKind, Outcome, Request, Response};
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::Now;
use serde_json::Value;

use super::format::{CommandRule, FileRule, FileRules, HttpRule, Reply, Surroundings};
use crate::world::Host;

/// What an answer takes where the file does not say, in milliseconds.
const DELAY: u64 = 10;

/// Answers by rules.
pub struct Script {
    world: Surroundings,
    used: Vec<u32>,
    complaints: Rc<RefCell<Vec<String>>>,
}

impl Script {
    /// A world in which no rule has been used.
    pub fn new(world: Surroundings) -> Self {
        let rules = world.files.len() * FILE_RULES + world.commands.len() + world.http.len();
        Self {
            world,
            used: vec![0; rules],
            complaints: Rc::default(),
        }
    }

    /// What was asked for that no rule answers. A scenario with complaints has failed.
    pub fn complaints(&self) -> Rc<RefCell<Vec<String>>> {
        Rc::clone(&self.complaints)
    }

    fn http(&mut self, request: &Request) -> (Outcome, u64) {
        let from = self.world.files.len() * FILE_RULES + self.world.commands.len();
        for (at, rule) in self.world.http.iter().enumerate() {
            if fits(rule, request) && take(&mut self.used[from + at], rule.times) {
                let outcome = match (&rule.fault, &rule.reply) {
                    (Some(name), _) => fault(name),
                    (None, Some(reply)) => Outcome::Http(response(reply)),
                    (None, None) => fault("other"),
                };
                return (outcome, rule.delay.unwrap_or(DELAY));
            }
        }
        self.complain(format!("no rule answers {request:?}"))
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

    fn file(&mut self, path: &str) -> (Outcome, u64) {
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
            FileRules::Text(text) => (Outcome::File(Sensitive::from(text.as_str())), DELAY),
            FileRules::Rules(rules) => {
                assert!(rules.len() <= FILE_RULES, "too many rules for {path}");
                for (nr, rule) in rules.iter().enumerate() {
                    if take(&mut self.used[at * FILE_RULES + nr], rule.times) {
                        return (content(rule), rule.delay.unwrap_or(DELAY));
                    }
                }
                (fault("not_found"), DELAY)
            }
        }
    }

    fn complain(&self, text: String) -> (Outcome, u64) {
        self.complaints.borrow_mut().push(text.clone());
        (Outcome::Failed(Fault::new(FaultKind::Other, text)), DELAY)
    }
}

/// The most rules that one file has.
const FILE_RULES: usize = 8;

impl Host for Script {
    fn perform(&mut self, effect: &Effect, _: Now) -> (Outcome, u64) {
        match effect {
            Effect::Http { request, .. } => self.http(request),
            Effect::Run { argv, .. } => self.command(argv),
            Effect::ReadFile { path, .. } => self.file(path),
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

fn content(rule: &FileRule) -> Outcome {
    match &rule.fault {
        Some(name) => fault(name),
        None => Outcome::File(Sensitive::from(rule.text.as_str())),
    }
}

fn fault(name: &str) -> Outcome {
    let kind = FaultKind::from_name(name).unwrap_or_else(|| panic!("{name:?} is no fault"));
    Outcome::Failed(Fault::new(kind, "as the scenario says"))
}
