//! What the core knows. Names that only its deserialisers hold are got out of them: a name that cannot be is refused
//! with the list of those that can.

use nightlatch_core::config::{Config, Environment, VaultOptions};
use nightlatch_core::effect::FaultKind;
use nightlatch_core::error::ErrorKind;
use nightlatch_core::operation::Operation;
use nightlatch_tests::source::workspace;
use serde_json::{Value, json};

use super::Surface;
use super::text::{between, read};

/// No option, credential or operation is called so.
const NOBODY: &str = "?";

/// The engine's methods that hosts call, and no user asks for.
const HOST_CONTRACT: &[&str] = &[
    "new",
    "store",
    "operation",
    "vault",
    "allowance",
    "start",
    "cancel",
    "complete",
    "handle_timeout",
    "poll_output",
    "poll_timeout",
    "take_discarded",
    "after_fork",
];

/// All of it.
pub(crate) fn surface() -> Surface {
    let mut names = Surface::new();
    names.extend(options());
    names.extend(credentials());
    names.extend(operations());
    names.extend(ErrorKind::ALL.iter().map(|kind| format!("error {}", kind.name())));
    names.extend(FaultKind::ALL.iter().map(|kind| format!("fault {}", kind.name())));
    names.extend(events());
    names
}

fn options() -> Vec<String> {
    let groups = options_allow(json!({NOBODY: 0})).expect("options have names");
    let mut found = Vec::new();
    for group in groups.iter().filter(|group| *group != "credential") {
        match options_allow(json!({group.as_str(): {NOBODY: 0}})) {
            Some(names) => found.extend(names.iter().map(|name| format!("option {group}.{name}"))),
            None => found.push(format!("option {group}")),
        }
    }
    found
}

/// The settings of each credential, without the groups they stand in.
fn credentials() -> Vec<String> {
    let types = options_allow(json!({"credential": {"type": NOBODY}})).expect("credentials have types");
    let mut found = Vec::new();
    for credential in types {
        let of = |settings: Value| {
            let mut tree = json!({"type": credential});
            tree[NOBODY] = 0.into();
            tree.as_object_mut()?.extend(settings.as_object()?.clone());
            options_allow(json!({"credential": tree}))
        };
        for setting in of(json!({})).expect("credentials have settings") {
            let mut group = json!({"type": credential});
            group[&setting] = json!({NOBODY: 0});
            let leaves = options_allow(json!({"credential": group})).unwrap_or_else(|| vec![setting]);
            found.extend(
                leaves
                    .iter()
                    .map(|leaf| format!("credential {credential}.{leaf}")),
            );
        }
    }
    found
}

fn operations() -> Vec<String> {
    let allowed = |json: Value| {
        let error = Operation::from_json(&json.to_string(), &VaultOptions::default()).err()?;
        names_in(&error.details().message)
    };
    let mut found = Vec::new();
    for op in allowed(json!({"op": NOBODY})).expect("operations have names") {
        for argument in allowed(json!({"op": op, NOBODY: 0})).expect("operations have arguments") {
            let inner = allowed(json!({"op": op, argument.as_str(): {NOBODY: 0}}));
            let leaves = inner.unwrap_or_else(|| vec![argument]);
            found.extend(leaves.iter().map(|leaf| format!("operation {op}.{leaf}")));
        }
    }
    let engine = read(&workspace().join("core/src/engine/mod.rs"));
    let methods = engine
        .split("\n    pub fn ")
        .skip(1)
        .filter_map(|rest| rest.split('(').next());
    let asked = methods.filter(|method| !HOST_CONTRACT.contains(method));
    found.extend(asked.map(|method| format!("operation {method}")));
    found
}

/// Events are only ever written, so that their names stand in the source alone.
fn events() -> Vec<String> {
    let source = read(&workspace().join("core/src/event.rs"));
    let mut found = Vec::new();
    let mut event = String::new();
    for line in between(&source, "pub enum Event {\n", "\n}").lines() {
        let declared = line.trim_start();
        match line.len() - declared.len() {
            4 if declared.ends_with(" {") => event = declared.trim_end_matches(" {").to_lowercase(),
            8 if !declared.starts_with("//") => {
                let field = declared.split(':').next().unwrap_or_default();
                found.push(format!("event {event}.{field}"));
            }
            _ => {}
        }
    }
    found
}

fn options_allow(json: Value) -> Option<Vec<String>> {
    let error = Config::from_json(&json.to_string(), Environment::default(), Vec::new()).err()?;
    names_in(&error.details().message)
}

/// The names that a message lists, if it is about the name that nobody has. Those by which objects tell what they are
/// count for nothing.
fn names_in(message: &str) -> Option<Vec<String>> {
    let (_, rest) = message.split_once(&format!("{NOBODY}`"))?;
    let names = rest.split('`').skip(1).step_by(2);
    let settings = names.filter(|name| !matches!(*name, "type" | "op"));
    Some(settings.map(str::to_owned).collect())
}
