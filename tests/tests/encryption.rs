//! What is encrypted comes back as it was, in its own place only; nothing else of a document changes; and no data key serves
//! longer than it may. Single cases are the scenarios `encryption/`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use nightlatch_core::config::{Config, Environment};
use nightlatch_core::effect::{Effect, Method, Outcome, Request, Response};
use nightlatch_core::error::{Error, ErrorKind};
use nightlatch_core::operation::Reply;
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::Now;
use nightlatch_tests::world::{Action, Host, World};
use proptest::prelude::*;
use serde_json::{Value, json};

const VAULT: &str = "https://contoso.vault.azure.net";

/// A vault with one key. What it "encrypts" is turned over, and remembered.
struct Vault {
    version: u32,
    random: fastrand::Rng,
    wrapped: Rc<RefCell<u32>>,
}

impl Vault {
    fn answer(&mut self, request: &Request) -> Value {
        let path = request.url.strip_prefix(VAULT).unwrap_or_default();
        if !path.starts_with("/keys/") {
            return json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "token"});
        }
        let kid = |version: &str| format!("{VAULT}/keys/app/{version}");
        if request.method == Method::Get {
            return json!({"key": {"kid": kid(&self.version.to_string()), "kty": "RSA"}});
        }
        let version = path.split('/').nth(3).unwrap_or_default();
        let body: Value = serde_json::from_slice(request.body.expose()).expect("JSON");
        let mut bytes = BASE64
            .decode(body["value"].as_str().unwrap_or_default())
            .expect("base64");
        bytes.reverse();
        *self.wrapped.borrow_mut() += u32::from(path.contains("/wrapkey"));
        json!({"kid": kid(version), "value": BASE64.encode(bytes)})
    }
}

impl Host for Vault {
    fn perform(&mut self, effect: &Effect, _: Now) -> (Outcome, u64) {
        match effect {
            Effect::Random { length } => {
                let mut bytes = vec![0; *length];
                self.random.fill(&mut bytes);
                (Outcome::Random(bytes.into()), 0)
            }
            Effect::Http { request, .. } => {
                let response = Response {
                    status: 200,
                    headers: Vec::new(),
                    body: self.answer(request).to_string().into(),
                };
                (Outcome::Http(response), 1)
            }
            other => unreachable!("{other:?}"),
        }
    }
}

/// A program that encrypts and decrypts.
struct Program {
    world: World<Vault>,
    calls: u32,
    wrapped: Rc<RefCell<u32>>,
}

impl Program {
    fn new(seed: u64) -> Self {
        let options = json!({"credential": {"type": "ClientSecretCredential", "tenant_id": "t", "client_id": "c", "client_secret": 0}});
        let config = Config::from_json(&options.to_string(), Environment::default(), vec!["s".into()]);
        let wrapped = Rc::default();
        let vault = Vault {
            version: 1,
            random: fastrand::Rng::with_seed(seed),
            wrapped: Rc::clone(&wrapped),
        };
        Self {
            world: World::new(config.expect("options"), seed, vault).expect("a world"),
            calls: 0,
            wrapped,
        }
    }

    fn ask(&mut self, op: &str, arguments: &Value, value: &[u8]) -> Result<Vec<u8>, Error> {
        let mut call = json!({"op": op, "vault": VAULT, "name": "app"});
        for (name, argument) in arguments.as_object().into_iter().flatten() {
            call[name] = argument.clone();
        }
        let operation = self.world.engine().operation(&call.to_string())?;
        let operation = operation.with_value(Sensitive::from(value.to_vec()))?;
        self.calls += 1;
        let caller = self.calls.to_string();
        self.world.at(0, Action::Call(caller.clone(), operation));
        self.world.run();
        match &self.world.ended(&caller).expect("an end").result {
            Some(Ok(Reply::Value(value))) => Ok(value.expose().to_vec()),
            Some(Err(error)) => Err(error.clone()),
            other => panic!("{other:?}"),
        }
    }
}

fn place() -> impl Strategy<Value = Value> {
    let name = || proptest::option::of("[a-z/\"\u{e4}]{0,6}");
    (name(), name()).prop_map(|(document, field)| json!({"document": document, "field": field}))
}

/// Any JSON, with the blanks of a person.
fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<i32>().prop_map(|number| format!("{number}.50")),
        "[ -~\u{e4}]{0,8}".prop_map(|text| json!(text).to_string()),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[ {} ]", items.join(" , "))),
            prop::collection::btree_map("[a-z~/ ]{0,3}", inner, 0..4).prop_map(|members| object(&members)),
        ]
    })
}

fn object(members: &BTreeMap<String, String>) -> String {
    let members: Vec<String> = members
        .iter()
        .map(|(name, raw)| format!("{} : {raw}", json!(name)))
        .collect();
    format!("{{ {} }}\n", members.join(",\t"))
}

fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_value_comes_back_in_its_own_place_only(
        value in prop::collection::vec(any::<u8>(), 0..200), here in place(), there in place(), seed: u64,
    ) {
        let mut program = Program::new(seed);
        let sealed = program.ask("encrypt", &here, &value).expect("encrypted");
        prop_assert_eq!(&program.ask("decrypt", &here, &sealed).expect("decrypted"), &value);
        if here != there {
            let error = program.ask("decrypt", &there, &sealed).expect_err("another place");
            prop_assert_eq!(error.kind(), ErrorKind::DecryptionFailed);
        }
        // The key is rotated, and a program that starts afterwards encrypts anew.
        let mut later = Program::new(seed ^ 1);
        later.world.host_mut().version = 2;
        let renewed = later.ask("rewrap", &here, &sealed).expect("encrypted anew");
        prop_assert_ne!(&renewed, &sealed);
        prop_assert_eq!(&later.ask("rewrap", &here, &renewed).expect("as it is"), &renewed);
        prop_assert_eq!(&later.ask("decrypt", &here, &renewed).expect("decrypted"), &value);
    }

    #[test]
    fn an_altered_value_does_not_come_back(at: prop::sample::Index, flip in 0_u32..7, here in place(), seed: u64) {
        let mut program = Program::new(seed);
        let mut sealed = program.ask("encrypt", &here, b"hunter2").expect("encrypted");
        let at = at.index(sealed.len());
        sealed[at] ^= 1 << flip;
        let error = program.ask("decrypt", &here, &sealed).expect_err("altered");
        prop_assert_eq!(error.kind(), ErrorKind::DecryptionFailed);
        let told = format!("{error:?}");
        prop_assert!(!told.contains("hunter2"));
    }

    #[test]
    fn documents_come_back_to_the_byte(
        members in prop::collection::btree_map("[a-z~/ ]{1,3}", any_json(), 1..5), every: bool, seed: u64,
    ) {
        let mut program = Program::new(seed);
        let document = object(&members);
        let fields: Vec<String> = match every {
            true => vec!["/*".into()],
            false => members.keys().take(2).map(|name| pointer(name)).collect(),
        };
        let arguments = json!({"form": "json", "fields": fields, "document": "d"});
        let sealed = program.ask("encrypt", &arguments, document.as_bytes()).expect("encrypted");
        let text = String::from_utf8(sealed.clone()).expect("text");
        let parsed: BTreeMap<String, Value> = serde_json::from_str(&text).expect("JSON");
        for (name, raw) in &members {
            let meant = every || fields.contains(&pointer(name));
            let kept = parsed[name] == serde_json::from_str::<Value>(raw).expect("JSON");
            prop_assert_eq!(meant, !kept, "{}", name);
        }
        for arguments in [&arguments, &json!({"form": "json", "document": "d"})] {
            let back = program.ask("decrypt", arguments, &sealed).expect("decrypted");
            prop_assert_eq!(String::from_utf8_lossy(&back), document.as_str());
        }
    }

    #[test]
    fn no_data_key_serves_more_than_it_may(uses in 1_u32..6, values in 1_usize..20, seed: u64) {
        let mut program = Program::new(seed);
        let arguments = json!({"data_key_uses": uses});
        let mut served: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for _ in 0..values {
            let sealed = program.ask("encrypt", &arguments, b"x").expect("encrypted");
            let sealed = String::from_utf8(sealed).expect("text");
            let parts: Vec<&str> = sealed.split('.').collect();
            served.entry(parts[1].to_owned()).or_default().push(parts[2].to_owned());
        }
        for nonces in served.values_mut() {
            prop_assert!(nonces.len() <= uses as usize);
            nonces.sort_unstable();
            nonces.dedup();
        }
        prop_assert_eq!(served.values().map(Vec::len).sum::<usize>(), values, "a nonce was used twice");
        prop_assert_eq!(*program.wrapped.borrow() as usize, values.div_ceil(uses as usize));
    }
}
