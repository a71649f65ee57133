//! Freed memory holds no secret. This test binary has an allocator of its own, which looks through every block that
//! is given back while whole conversations run.
//!
//! Everything secret here is built in one piece and is `Sensitive` from then on; what is left in freed memory is the
//! core's doing, or that of a library below it.
#![allow(unsafe_code, reason = "an allocator can be written in no other way")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use nightlatch_core::config::{Config, Environment};
use nightlatch_core::effect::{Effect, Fault, FaultKind, Outcome, Response, RotationStep};
use nightlatch_core::operation::Reply;
use nightlatch_core::scan::{Kind, Scan};
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::Now;
use nightlatch_tests::world::{Action, World};
use serde_json::{Value, json};

/// What must not be found, each told apart by its own middle.
const CANARIES: [&[u8]; COUNT] = [
    b"the-value-of-the-secret-7kQ9",
    b"eyJhbGciOiJub25lIn0.eyJ0aWQiOiJ0IiwiYXBwaWQiOiJhIn0.the-access-token-3xV5",
    b"the-client-secret-1pL8",
    b"the.assertion.of-kubernetes-6zW2",
    b"the-identity-header-4tR0",
    b"the-refresh-token-9bF5",
    KEY.split_at(600).1.split_at(64).0,
    // A line of its base64.
    KEY_TEXT.split_at(28 + 65 * 10).1.split_at(64).0,
    "pässwörd🔑".as_bytes(),
];

const COUNT: usize = 9;

const KEY: &[u8] = include_bytes!("../data/certificates/key.pk8");
const KEY_TEXT: &[u8] = include_bytes!("../data/certificates/key.pem");
/// The key with its certificate, as text, and encrypted with the last canary.
const PEM: &[u8] = include_bytes!("../data/certificates/app.pem");
const PKCS12: &[u8] = include_bytes!("../data/certificates/unicode.pfx");

/// How often each was found in freed memory.
static FOUND: [AtomicUsize; COUNT] = [const { AtomicUsize::new(0) }; COUNT];

thread_local! {
    /// Whether this thread's memory is looked through. The harness's threads have the texts of failures to free.
    static WATCHED: Cell<bool> = const { Cell::new(false) };
}

struct Watchful;

// SAFETY: every call goes on to the system's allocator with the same arguments; the block is only read, within the
// bounds of its layout, while it is still allocated.
unsafe impl GlobalAlloc for Watchful {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Zeroed, so that every byte of a block may be read when it comes back.
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if WATCHED.try_with(Cell::get).unwrap_or(false) {
            // SAFETY: the block is allocated until the call below, was zeroed when it was made, and is as long as
            // its layout says.
            look(unsafe { std::slice::from_raw_parts(block, layout.size()) });
        }
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(block, layout) }
    }
    // `realloc` is the default one: a new block, a copy, and `dealloc` of the old one, which is looked through.
}

#[global_allocator]
static WATCHFUL: Watchful = Watchful;

/// Counts what it finds; allocates nothing.
fn look(block: &[u8]) {
    for (canary, found) in CANARIES.iter().zip(&FOUND) {
        // The last twelve bytes tell it, so that a piece is found as well.
        let mark = &canary[canary.len() - 12..];
        if block.windows(mark.len()).any(|part| part == mark) {
            found.fetch_add(1, Relaxed);
        }
    }
}

fn watched<T>(work: impl FnOnce() -> T) -> [usize; COUNT] {
    FOUND.iter().for_each(|found| found.store(0, Relaxed));
    WATCHED.set(true);
    drop(work());
    WATCHED.set(false);
    std::array::from_fn(|nr| FOUND[nr].load(Relaxed))
}

/// One test only, since the counters are one for all.
#[test]
fn freed_memory_holds_no_secret() {
    for (nr, canary) in CANARIES.iter().enumerate() {
        let mut one = [0; COUNT];
        one[nr] = 1;
        assert_eq!(
            watched(|| canary.to_vec()),
            one,
            "what is not wiped would be found"
        );
        assert_eq!(watched(|| Sensitive::from(canary.to_vec())), [0; COUNT]);
    }
    let mut left = Vec::new();
    for (name, credential, secrets) in credentials() {
        for trouble in [false, true] {
            let found = watched(|| conversation(&credential, secrets, trouble));
            if found != [0; COUNT] {
                left.push(format!("{name}, trouble {trouble}: {found:?}"));
            }
        }
    }
    for (kind, text) in FILES {
        let found = watched(|| search(kind, &Sensitive::from(text)));
        if found != [0; COUNT] {
            left.push(format!("the search of {kind:?}: {found:?}"));
        }
    }
    assert!(
        left.is_empty(),
        "found in freed memory [value, token, secret, assertion, header, refresh token, key, its base64, password]\n{left:#?}"
    );
}

/// Each with the secrets that its options name by number.
fn credentials() -> [(&'static str, Value, &'static [&'static [u8]]); 9] {
    let application = |name: &str, more: Value| {
        let mut options = json!({"type": name, "tenant_id": "t", "client_id": "a"});
        for (name, value) in more.as_object().expect("options") {
            options[name] = value.clone();
        }
        options
    };
    let secret = application("ClientSecretCredential", json!({"client_secret": 0}));
    let workload = application("WorkloadIdentityCredential", json!({"token_file_path": "/token"}));
    let certificate = |more| application("ClientCertificateCredential", more);
    let user = application(
        "UsernamePasswordCredential",
        json!({"username": "u", "password": 0}),
    );
    let cli = json!({"type": "AzureCliCredential"});
    let chained = json!({"type": "ChainedTokenCredential", "sources": [cli, secret]});
    [
        ("secret", secret, &[CANARIES[2]]),
        ("workload", workload, &[]),
        ("managed", json!({"type": "ManagedIdentityCredential"}), &[]),
        ("default", json!({"type": "DefaultAzureCredential"}), &[]),
        ("chained", chained, &[CANARIES[2]]),
        ("certificate", certificate(json!({"certificate": 0})), &[PEM]),
        (
            "certificate in a file",
            certificate(json!({"certificate_path": "/app.pem"})),
            &[],
        ),
        (
            "PKCS #12",
            certificate(json!({"certificate": 0, "password": 1})),
            &[PKCS12, CANARIES[8]],
        ),
        ("user", user, &[CANARIES[2]]),
    ]
}

/// Reads, renews, rotates, invalidates, evicts; in trouble, also everything that fails.
fn conversation(credential: &Value, secrets: &[&[u8]], trouble: bool) {
    let managed = credential["type"] == "ManagedIdentityCredential";
    let environment = [
        ("IDENTITY_ENDPOINT", &b"http://127.0.0.1:4/msi"[..]),
        ("IDENTITY_HEADER", CANARIES[4]),
        ("AZURE_TENANT_ID", b"t"),
        ("AZURE_CLIENT_ID", b"a"),
        ("AZURE_CLIENT_SECRET", CANARIES[2]),
    ];
    let wanted = environment
        .into_iter()
        .filter(|(name, _)| name.starts_with("IDENTITY") == managed);
    let options = json!({
        "credential": credential, "cache": {"max_entries": 2, "jitter": 0}, "retry": {"tries": 2},
        "host": {"platform": "linux"},
    });
    let config = Config::from_json(
        &options.to_string(),
        Environment::from_iter(wanted.map(|(name, value)| (name, Sensitive::from(value.to_vec())))),
        secrets
            .iter()
            .map(|secret| Sensitive::from(secret.to_vec()))
            .collect(),
    )
    .expect("a sound configuration");
    let mut asked = 0_u32;
    let host = move |effect: &Effect, _: Now| {
        asked += 1;
        (perform(effect, trouble, asked), 10)
    };
    let mut world = World::new(config, 1, host).expect("a sound configuration");
    for at in [0, 1_000, 250_000, 400_000, 3_500_000, 4_000_000] {
        for name in ["a", "b", "c"] {
            let call = json!({
                "op": "get_secret", "vault": "https://contoso.vault.azure.net", "name": name, "refresh": at == 1_000,
            });
            let operation = world.engine().operation(&call.to_string()).expect("a sound call");
            world.at(at, Action::Call(format!("{name}-{at}"), operation));
        }
    }
    let writes = [
        (
            "set",
            json!({"op": "set_secret", "name": "a", "tags": {"a": "b"}}),
        ),
        (
            "set-again",
            json!({"op": "set_secret", "name": "a", "recover_if_deleted": true}),
        ),
        ("delete", json!({"op": "delete_secret", "name": "a"})),
        ("backup", json!({"op": "backup_secret", "name": "a"})),
        ("restore", json!({"op": "restore_secret_backup"})),
        ("many", json!({"op": "get_secrets", "names": ["a", "b"]})),
        // The first new value is taken back, the second stays.
        ("rotate", json!({"op": "rotate_secret", "name": "r", "handle": 0})),
        (
            "rotate-again",
            json!({"op": "rotate_secret", "name": "r", "handle": 1}),
        ),
    ];
    for (at, (caller, mut call)) in (5_000_000..).step_by(100_000).zip(writes) {
        call["vault"] = "https://contoso.vault.azure.net".into();
        let mut operation = world.engine().operation(&call.to_string()).expect("a sound call");
        if caller.starts_with("set") || caller == "restore" {
            let value = Sensitive::from(CANARIES[0].to_vec());
            operation = operation.with_value(value).expect("it takes a value");
        }
        world.at(at, Action::Call(caller.into(), operation));
    }
    world.at(5, Action::Cancel("b-0".into()));
    world.at(2_000, Action::InvalidateAll);
    world.run();
    let first = world.ended("a-0").and_then(|ended| ended.result.as_ref());
    if !trouble {
        let rotated = |caller| world.ended(caller).and_then(|ended| ended.result.as_ref());
        assert!(matches!(rotated("rotate"), Some(Err(why)) if why.to_string().contains("rolled back")));
        assert!(matches!(rotated("rotate-again"), Some(Ok(Reply::Rotated(_)))));
        let value = match first {
            Some(Ok(Reply::Secret(secret))) => secret.value().expose() == CANARIES[0],
            _ => false,
        };
        assert!(value, "the conversation went wrong: {first:?}");
    }
}

/// How a broken answer begins. It is cut off at its end, too; but unoptimised, `memchr`, by which `serde_json` finds the
/// line of an error, leaves vector registers on the stack, from where a future that is moved takes them along. So in a
/// debug build the reader must stop before the secret parts.
const BROKEN: &[u8] = if cfg!(debug_assertions) {
    b"{\"a\":tru,"
} else {
    b"{"
};

fn perform(effect: &Effect, trouble: bool, asked: u32) -> Outcome {
    let bad = trouble && !asked.is_multiple_of(4);
    match effect {
        Effect::Http { .. } if bad && asked % 4 == 1 => {
            Outcome::Failed(Fault::new(FaultKind::ConnectionLost, "as planned"))
        }
        Effect::Http { .. } if bad => http(&[
            BROKEN,
            b"\"value\":\"",
            CANARIES[0],
            b"\",\"access_token\":\"",
            CANARIES[1],
            b"\"",
        ]),
        Effect::Http { request, .. } if request.url.contains("/secrets/r") => http(&[
            b"{\"value\":\"",
            CANARIES[0],
            b"\",\"id\":\"https://contoso.vault.azure.net/secrets/r/1\",\"tags\":{\"nightlatch-previous\":\"1\"}}",
        ]),
        Effect::Http { request, .. } if request.url.contains("/secrets/") => http(&[
            b"{\"value\":\"",
            CANARIES[0],
            b"\",\"id\":\"https://contoso.vault.azure.net/secrets/a/",
            asked.to_string().as_bytes(),
            b"\",\"attributes\":{\"enabled\":true},\"tags\":{\"a\":\"b\"}}",
        ]),
        Effect::Http { .. } => http(&[
            b"{\"token_type\":\"Bearer\",\"expires_in\":3600,\"access_token\":\"",
            CANARIES[1],
            b"\",\"refresh_token\":\"",
            CANARIES[5],
            b"\"}",
        ]),
        Effect::Rotate {
            step: RotationStep::Make,
            ..
        } => Outcome::Made(Sensitive::from(CANARIES[4].to_vec())),
        Effect::Rotate {
            step: RotationStep::Verify,
            handle: 0,
            ..
        } => Outcome::Failed(Fault::new(FaultKind::Refused, "")),
        Effect::Rotate { .. } => Outcome::Done,
        Effect::Sign { .. } => Outcome::Signed(b"signature".to_vec()),
        Effect::ReadFile { path, .. } if path == "/app.pem" => Outcome::File {
            content: Sensitive::from(PEM.to_vec()),
            shared: false,
        },
        Effect::ReadFile { path, .. } if path == "/token" => Outcome::File {
            content: Sensitive::concat(&[CANARIES[3], b"\n"]),
            shared: false,
        },
        Effect::Run { .. } => Outcome::Ran {
            status: Some(0),
            stdout: Sensitive::concat(&[
                b"{\"expires_on\":1893000000,\"tokenType\":\"Bearer\",\"accessToken\":\"",
                CANARIES[1],
                b"\"}",
            ]),
            stderr: Sensitive::default(),
        },
        _ => Outcome::Failed(Fault::new(FaultKind::NotFound, "as planned")),
    }
}

fn http(parts: &[&[u8]]) -> Outcome {
    Outcome::Http(Response {
        status: 200,
        headers: vec![("Content-Type".into(), "application/json".into())],
        body: Sensitive::concat(parts),
    })
}

/// Files with the first canary, written so that it has to be read out of escapes.
const FILES: [(Kind, &str); 6] = [
    (
        Kind::Env,
        "A=1\nDB_PASSWORD=\"\\'the-value-of-the-secret-7kQ9\"\n",
    ),
    (
        Kind::Json,
        "{\"password\": \"\\u0074he-value-of-the-secret-7kQ9\"}",
    ),
    (Kind::Yaml, "password: '''the-value-of-the-secret-7kQ9'\n"),
    (Kind::Toml, "password = \"\\u0074he-value-of-the-secret-7kQ9\"\n"),
    (
        Kind::Xml,
        "<a><password>&#116;he-value-of-the-secret-7kQ9</password></a>",
    ),
    (
        Kind::Ini,
        "url = postgres://app:the-value-of-the-secret-7kQ9@db/x\n",
    ),
];

/// Finds the secret of a file, reads it and takes it out.
fn search(kind: Kind, text: &Sensitive) {
    let scan = Scan::new(text.expose_str().expect("a text"), kind);
    let [found] = scan.findings() else {
        panic!("one secret is to be found in {kind:?}");
    };
    assert!(scan.value(found).is_some());
    let replaced = scan.replaced(&[(found, "@")]).expect("a setting");
    assert!(replaced.len() < text.len());
}
