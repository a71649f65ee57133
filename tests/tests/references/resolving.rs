//! The operations that hand out secrets for a configuration: what comes out holds no reference.

use nightlatch_core::config::{Config, Environment};
use nightlatch_core::effect::{Effect, Outcome, Response};
use nightlatch_core::error::Error;
use nightlatch_core::operation::Reply;
use nightlatch_core::reference::parse::PREFIX;
use nightlatch_core::time::Now;
use nightlatch_tests::world::{Action, Host, World};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{CANARY, text};

/// A vault that answers any secret with one value, whatever it is.
struct Vault(String);

impl Host for Vault {
    fn perform(&mut self, effect: &Effect, _: Now) -> (Outcome, u64) {
        let Effect::Http { request, .. } = effect else {
            unreachable!("only requests are made")
        };
        let body = match request.url.split_once("/secrets/") {
            Some((vault, rest)) => {
                let name = rest.split(['/', '?']).next().unwrap_or_default();
                json!({"value": self.0, "id": format!("{vault}/secrets/{name}/0123456789abcdef")})
            }
            None => json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "token"}),
        };
        let body = body.to_string().into();
        (
            Outcome::Http(Response {
                status: 200,
                headers: Vec::new(),
                body,
            }),
            1,
        )
    }
}

/// What comes of an operation; the text is given to those that take one.
fn asked(operation: &Value, text: Option<&str>, value: &str) -> Result<String, Error> {
    let options = json!({"credential": {"type": "ClientSecretCredential", "tenant_id": "t", "client_id": "c", "client_secret": 0}});
    let config = Config::from_json(&options.to_string(), Environment::default(), vec!["s".into()]);
    let mut world = World::new(config?, 1, Vault(value.to_owned()))?;
    let mut operation = world.engine().operation(&operation.to_string())?;
    if let Some(text) = text {
        operation = operation.with_value(text.into())?;
    }
    world.at(0, Action::Call("app".into(), operation));
    world.run();
    match &world.ended("app").expect("an end").result {
        Some(Ok(Reply::Resolved { text: Some(text), .. })) => {
            Ok(text.expose_str().expect("a text").to_owned())
        }
        Some(Err(error)) => Err(error.clone()),
        other => panic!("{other:?}"),
    }
}

fn resolved(form: &str, text: &str, value: &str) -> Result<String, Error> {
    asked(
        &json!({"op": "resolve_references", "form": form}),
        Some(text),
        value,
    )
}

/// Whether a value, or any value within, would be taken for a reference by App Service.
fn begins_so(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            let start: String = text.trim_start().chars().take(PREFIX.len()).collect();
            start.eq_ignore_ascii_case(PREFIX)
        }
        Value::Array(items) => items.iter().any(begins_so),
        Value::Object(members) => members.values().any(begins_so),
        _ => false,
    }
}

/// A value of a configuration or a vault: often a sound reference.
fn setting() -> impl Strategy<Value = String> {
    let sound = "@Microsoft.KeyVault(VaultName=contoso;SecretName=a)";
    prop_oneof![1 => text(), 1 => Just(sound.to_owned()), 1 => Just(format!(" {sound}"))]
}

proptest! {
    /// Whatever stands in a configuration and in the vault: what comes out holds no reference, and what comes out
    /// instead repeats no value.
    #[test]
    fn nothing_unresolved_reaches_an_application(values in vec(setting(), 1..4), held in setting()) {
        let list: Value = values.iter().map(|value| json!({"value": value})).collect();
        let quoted: String = values.iter().enumerate().map(|(at, value)| format!("V{at}={}\n", json!(value))).collect();
        let forms = [
            ("json", list.to_string()),
            ("yaml", list.to_string()),
            ("toml", quoted.clone()),
            ("env", quoted),
            ("value", values[0].clone()),
        ];
        for (form, text) in forms {
            match resolved(form, &text, &held) {
                Ok(out) if form == "value" => prop_assert!(!begins_so(&Value::String(out))),
                Ok(out) if form == "toml" => {
                    for line in out.lines() {
                        let (_, literal) = line.split_once('=').expect("a member");
                        prop_assert!(!begins_so(&serde_json::from_str(literal).expect("JSON")), "{line}");
                    }
                }
                Ok(out) => prop_assert!(!begins_so(&serde_json::from_str(&out).expect("JSON")), "{out}"),
                Err(error) => prop_assert!(!error.to_string().contains(CANARY), "{error}"),
            }
        }
        let load = json!({"op": "load_secrets", "vault": "https://contoso.vault.azure.net", "names": ["a"]});
        if let Ok(out) = asked(&load, None, &held) {
            prop_assert!(!begins_so(&serde_json::from_str(&out).expect("JSON")), "{out}");
        }
    }
}

#[test]
fn an_honest_vault_fills_every_form() {
    let reference = "@Microsoft.KeyVault(VaultName=contoso;SecretName=a)";
    for (form, text, expected) in [
        ("value", reference.to_owned(), "x\"y"),
        ("json", format!("[\"{reference}\"]"), r#"["x\"y"]"#),
        ("yaml", format!("a: '{reference}' # A"), r#"a: "x\"y" # A"#),
        ("toml", format!("a = '{reference}' # A"), r#"a = "x\"y" # A"#),
        ("env", format!("A={reference}"), r#"{"A":"x\"y"}"#),
    ] {
        assert_eq!(resolved(form, &text, "x\"y").unwrap(), expected);
    }
}
