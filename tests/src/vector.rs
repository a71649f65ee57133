//! What a row of `tests/vectors/` gives: the core's pure parsers by the names of the index, from JSON to JSON.
//!
//! An input that is a body may be a text, any JSON (then its text counts), or
//! `{"before", "repeat": [text, times], "after"}`.

use std::time::Duration;

use nightlatch_core::config::VaultOptions;
use nightlatch_core::effect::Response;
use nightlatch_core::error::{Error, Identity};
use nightlatch_core::identity::cloud::VaultDomain;
use nightlatch_core::operation::{Action, Operation, Subject, Task, VaultCall};
use nightlatch_core::reference::Reference;
use nightlatch_core::scan::{Kind, Scan, reference as reference_to};
use nightlatch_core::secret::{SecretId, SecretProperties, VaultUrl};
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::{Now, UnixTime};
use nightlatch_core::token::{AccessToken, Claims};
use nightlatch_core::wire::challenge::{parse_challenge, verify_challenge};
use nightlatch_core::wire::retry_after::retry_after;
use nightlatch_core::wire::secrets::deed::GET;
use nightlatch_core::wire::secrets::{self, check_link, parse_deleted, parse_id, parse_page, parse_secret};
use nightlatch_core::wire::service_error::service_error;
use nightlatch_core::wire::token::{
    TokenGrant, aadsts, azd_message, cae_claims, parse_azd_token, parse_cli_token, parse_failure,
    parse_grant, parse_powershell_token, parse_token_providers,
};
use nightlatch_core::wire::{Malformed, clean};
use serde_json::{Value, json};

/// The wall clock of every row that needs one: 2026-10-26T07:33:20Z.
const NOW: UnixTime = UnixTime::from_secs(1_793_000_000);

/// From a row's input to what is compared with its `expect`.
pub type Parser = fn(&Value) -> Value;

/// The parser that the index calls so.
pub fn parser(name: &str) -> Option<Parser> {
    Some(match name {
        "parse_grant" => |input| result(parse_grant(&body(input)), grant),
        "parse_cli_token" => |input| result(parse_cli_token(&body(input)), grant),
        "parse_azd_token" => |input| result(parse_azd_token(&body(input)), grant),
        "parse_powershell_token" => |input| result(parse_powershell_token(&body(input)), grant),
        "azd_message" => |input| json!(azd_message(&body(input))),
        "parse_token_providers" => |input| {
            result(
                parse_token_providers(&body(&input["file"]), input["windows"] == true),
                |providers| {
                    json!(
                        providers
                            .into_iter()
                            .map(|p| (p.path, p.arguments))
                            .collect::<Vec<_>>()
                    )
                },
            )
        },
        "aadsts_advice" => |input| {
            let code = input.as_u64().and_then(|code| code.try_into().ok());
            json!({ "advice": code.and_then(aadsts).map(|(_, advice)| advice) })
        },
        "parse_failure" => failure,
        "parse_challenge" => challenge,
        "verify_challenge" => verify,
        "cae_claims" => |input| result(cae_claims(input.as_str()), |claims| json!(claims)),
        "retry_after" => |input| {
            let response = response(&json!({ "headers": input }));
            json!(retry_after(&response, NOW).map(|wait| wait.as_millis() as u64))
        },
        "parse_secret" => secret,
        "parse_page" => |input| {
            result(parse_page(&body(input), &contoso()), |page| {
                let names: Vec<String> = page.items.iter().map(listed).collect();
                json!({ "names": names, "continuation": page.continuation })
            })
        },
        "parse_deleted" => |input| result(parse_deleted(&body(input), &contoso()), |secret| json!(secret)),
        "check_link" => |input| match check_link(&text(input), &contoso().vault) {
            Ok(()) => json!("followed"),
            Err(_) => json!("refused"),
        },
        "secret_body" => secret_body,
        "parse_id" => |input| result(parse_id(&text(input)), |found| id(&found)),
        "parse_reference" => reference,
        "scan" => scan,
        "service_error" => service,
        "parse_date" => |input| json!(UnixTime::parse(&text(input)).map(UnixTime::as_secs)),
        "clean" => |input| json!(clean(&text(input))),
        "claims" => |input| {
            json!(Claims::decode(&body(input)).map(|claims| json!({
                "tid": claims.tid, "oid": claims.oid, "appid": claims.appid, "xms_mirid": claims.xms_mirid,
                "iat": claims.iat.map(UnixTime::as_secs), "exp": claims.exp.map(UnixTime::as_secs), "idtyp": claims.idtyp,
            })))
        },
        _ => return None,
    })
}

fn grant(grant: TokenGrant) -> Value {
    let secs = |duration: Option<Duration>| duration.map(|d| d.as_secs());
    let token = AccessToken::from_grant(
        grant.clone(),
        "Vector",
        Now {
            unix: NOW,
            ..Now::default()
        },
    );
    let text = grant.access_token.expose_str().unwrap_or_default();
    let debug = format!("{grant:?}{token:?}");
    assert!(text.len() < 9 || !debug.contains(text), "Debug shows a token");
    json!({
        "access_token": text,
        "expires_in": secs(grant.expires_in),
        "expires_on": grant.expires_on.map(UnixTime::as_secs),
        "refresh_in": secs(grant.refresh_in),
        "client_id": grant.client_id,
        "life": token.schedule().expires_at().as_millis() / 1000,
    })
}

fn failure(input: &Value) -> Value {
    parse_failure(&body(input)).map_or(Value::Null, |failure| {
        json!({
            "error": failure.error, "description": failure.description, "codes": failure.codes,
            "request_id": failure.request_id, "correlation_id": failure.correlation_id,
            "advice": failure.advice(), "sentence": failure.to_string(),
        })
    })
}

fn challenge(input: &Value) -> Value {
    parse_challenge(&text(input)).map_or(Value::Null, |challenge| {
        json!({
            "tenant": challenge.tenant, "scope": challenge.scope, "claims": challenge.claims,
            "authority": challenge.authority,
        })
    })
}

fn verify(input: &Value) -> Value {
    let Ok(vault) = VaultUrl::parse(input["vault"].as_str().unwrap_or_default(), true) else {
        return json!("bad vault");
    };
    let allowed: Vec<String> = serde_json::from_value(input["allowed"].clone()).unwrap_or_default();
    match verify_challenge(input["scope"].as_str().unwrap_or_default(), &vault, &allowed) {
        Ok(()) => json!("accepted"),
        Err(error) => json!({ "kind": error.kind().name(), "message": error.to_string() }),
    }
}

/// All secrets of one vault: which of them was asked for is no matter of the parsers' own rows.
fn contoso() -> Subject {
    Subject::all(VaultUrl::parse("https://contoso.vault.azure.net", false).expect("a vault URL"))
}

fn listed(properties: &SecretProperties) -> String {
    match &properties.version {
        Some(version) => format!("{}/{version}", properties.name),
        None => properties.name.clone(),
    }
}

/// A row's input is what a caller gives: the value, and properties by their names.
fn secret_body(input: &Value) -> Value {
    let mut call = json!({"op": "set_secret", "vault": "https://contoso.vault.azure.net", "name": "a"});
    for (name, given) in input
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| *name != "value")
    {
        call[name] = given.clone();
    }
    let operation = match Operation::from_json(&call.to_string(), &VaultOptions::default()) {
        Ok(operation) => operation,
        Err(error) => return json!({ "refused": error.to_string() }),
    };
    match operation.task {
        Task::Vault(VaultCall {
            action: Action::Set { properties, .. },
            ..
        }) => json!(secrets::body(input["value"].as_str(), &properties).expose_str()),
        other => json!(format!("{other:?}")),
    }
}

fn secret(input: &Value) -> Value {
    result(parse_secret(&body(input), &contoso()), |secret| {
        let mut all = json!(secret.properties());
        all["value"] = json!(secret.value().expose_str());
        all
    })
}

fn service(input: &Value) -> Value {
    let id = input["what"]
        .as_str()
        .unwrap_or("https://contoso.vault.azure.net/secrets/db-password");
    let Ok(what) = parse_id(id) else {
        return json!("bad identifier");
    };
    let identity = input["identity"].as_object().map(|who| Identity {
        client: who.get("client").and_then(Value::as_str).map(str::to_owned),
        object: who.get("object").and_then(Value::as_str).map(str::to_owned),
        ..Identity::default()
    });
    let error = service_error(&response(input), &what.into(), &GET, identity.as_ref(), NOW);
    let mut all = serde_json::to_value(error.details()).expect("details are JSON");
    all["retry_after"] = json!(error.details().retry_after.map(|wait| wait.as_millis() as u64));
    all["is_transient"] = json!(error.is_transient());
    all
}

fn id(id: &SecretId) -> Value {
    json!({
        "vault": id.vault.as_str(), "name": id.name.as_str(), "version": id.version.as_ref().map(|v| v.as_str()),
    })
}

/// A row's input is a value, or an object: `value`, and the domain of vaults told by name, or the content type that App
/// Configuration gives it.
fn reference(input: &Value) -> Value {
    let given = |name: &str| input.get(name).map(text);
    let value = given("value").unwrap_or_else(|| text(input));
    let domain = match given("vault_domain").map(|domain| VaultDomain::parse(&domain)) {
        None => VaultDomain::default(),
        Some(Ok(domain)) => domain,
        Some(Err(error)) => return json!({ "refused": error.to_string() }),
    };
    let parsed = match given("content_type") {
        Some(content_type) => Reference::from_app_configuration(&content_type, &value, &domain),
        None => Reference::parse(&value, &domain),
    };
    match parsed {
        Ok(None) => Value::Null,
        Ok(Some(reference)) => {
            let mut all = id(reference.id());
            all["printed"] = json!(reference.to_string());
            all
        }
        Err(wrong) => json!({
            "invalid": wrong.flaw.name(), "column": wrong.column, "message": Error::from(wrong).to_string(),
        }),
    }
}

/// A row's input is a file: its `path`, and its `text`, perhaps in parts, so that this table holds no whole secret for other
/// scanners to find.
///
/// `found` tells each finding as `LINE:COLUMN RULE NAME`, with `!` behind it where a reference cannot take its place; `values`
/// are the secrets, and `replaced` is the text after all that can be is replaced.
fn scan(input: &Value) -> Value {
    let whole = |parts: &Value| match parts {
        Value::Array(parts) => parts.iter().map(text).collect(),
        one => text(one),
    };
    let file = whole(&input["text"]);
    let scan = Scan::new(&file, Kind::of(&text(&input["path"])));
    let told = scan.findings().iter().map(|one| {
        let mark = if one.fixable { "" } else { "!" };
        format!("{}:{} {} {}{mark}", one.line, one.column, one.rule.id, one.name)
    });
    let values = scan.findings().iter().map(|one| scan.value(one));
    let values = values.map(|value| value.as_ref().and_then(Sensitive::expose_str).map(str::to_owned));
    let fixable = scan.findings().iter().filter(|one| one.fixable);
    let references: Vec<_> = fixable.map(|one| (one, reference_to(None, &one.name))).collect();
    let references: Vec<_> = references
        .iter()
        .map(|(one, reference)| (*one, &**reference))
        .collect();
    let replaced = scan
        .replaced(&references)
        .expect("what is fixable can be replaced");
    json!({
        "found": told.collect::<Vec<_>>(), "values": values.collect::<Vec<_>>(),
        "replaced": replaced.expose_str(),
    })
}

fn response(input: &Value) -> Response {
    Response {
        status: input["status"].as_u64().unwrap_or(500) as u16,
        headers: input["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), text(value)))
            .collect(),
        body: body(&input["body"]),
    }
}

fn result<T>(result: Result<T, Malformed>, show: impl Fn(T) -> Value) -> Value {
    match result {
        Ok(value) => show(value),
        Err(malformed) => json!({ "malformed": malformed.to_string() }),
    }
}

fn body(input: &Value) -> Sensitive {
    Sensitive::from(text(input))
}

/// The text that an input stands for.
pub fn text(input: &Value) -> String {
    match input {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Object(parts) if parts.contains_key("repeat") => {
            let part = |name: &str| parts.get(name).and_then(Value::as_str).unwrap_or_default();
            let times = parts["repeat"][1].as_u64().unwrap_or_default() as usize;
            let repeated = parts["repeat"][0].as_str().unwrap_or_default().repeat(times);
            format!("{}{repeated}{}", part("before"), part("after"))
        }
        other => other.to_string(),
    }
}
