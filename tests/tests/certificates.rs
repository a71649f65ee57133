//! Certificates in every form that people have them in, through whole conversations: what is signed with their keys is
//! verified, and what cannot be used is told. `data/certificates/make.sh` says how each file was made.

use std::cell::RefCell;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use nightlatch_core::config::{Config, Environment};
use nightlatch_core::effect::{Algorithm, Effect, Outcome, Response, SigningKey};
use nightlatch_core::error::{Error, ErrorKind};
use nightlatch_core::operation::Reply;
use nightlatch_core::sensitive::Sensitive;
use nightlatch_core::time::Now;
use nightlatch_tests::world::{Action, World};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::signature::{
    KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use serde_json::{Value, json};

const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const CLIENT: &str = "8f0e0e5b-93ac-4a0c-8b5d-2f8d5a0f1f11";

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/data/certificates/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|why| panic!("{path}: {why}"))
}

/// The blocks of a PEM file with that label, in DER.
fn blocks(name: &str, label: &str) -> Vec<Vec<u8>> {
    let text = String::from_utf8(file(name)).unwrap();
    text.split(&format!("-----BEGIN {label}-----"))
        .skip(1)
        .map(|rest| {
            STANDARD
                .decode(rest.split("-----END").next().unwrap().replace('\n', ""))
                .unwrap()
        })
        .collect()
}

/// What the options say beside `type`, tenant and client, and the secrets they name.
struct Case {
    options: Value,
    secrets: Vec<Sensitive>,
    files: Vec<(String, Vec<u8>)>,
}

fn text(name: &str, password: Option<&str>) -> Case {
    let mut options = json!({"certificate": 0});
    let mut secrets = vec![Sensitive::from(file(name))];
    if let Some(password) = password {
        options["password"] = 1.into();
        secrets.push(password.into());
    }
    Case {
        options,
        secrets,
        files: Vec::new(),
    }
}

/// Asks for a token once. Every request is handed to `look`; every signature is made by `nightlatch-signing`.
fn play(case: Case, tenant: &str, look: impl FnMut(&str, &str) + 'static) -> Result<Reply, Error> {
    let mut credential =
        json!({"type": "ClientCertificateCredential", "tenant_id": tenant, "client_id": CLIENT});
    for (name, value) in case.options.as_object().unwrap() {
        credential[name] = value.clone();
    }
    let options = json!({"credential": credential, "host": {"platform": "linux"}}).to_string();
    let config = Config::from_json(&options, Environment::default(), case.secrets)?;
    let (files, look) = (case.files, RefCell::new(look));
    let host = move |effect: &Effect, _: Now| match effect {
        Effect::ReadFile { path, .. } => {
            let (_, content) = files.iter().find(|(known, _)| known == path).unwrap();
            (
                Outcome::File {
                    content: content.clone().into(),
                    shared: false,
                },
                1,
            )
        }
        Effect::Sign {
            key: SigningKey::Pkcs8(key),
            algorithm,
            message,
            digest: d,
        } => {
            assert_eq!(d, digest(&SHA256, message).as_ref());
            (nightlatch_signing::answer(key.expose(), *algorithm, message), 1)
        }
        Effect::Sign {
            key: SigningKey::Host(7),
            algorithm,
            message,
            ..
        } => {
            let key = &blocks("key.pem", "PRIVATE KEY")[0];
            (nightlatch_signing::answer(key, *algorithm, message), 1)
        }
        Effect::Http { request, .. } => {
            let body = request.body.expose_str().unwrap();
            let assertion = body
                .split('&')
                .find_map(|pair| pair.strip_prefix("client_assertion="));
            (look.borrow_mut())(&request.url, assertion.unwrap());
            let body = json!({"access_token": "token", "token_type": "Bearer", "expires_in": 3599});
            let response = Response {
                status: 200,
                body: body.to_string().into(),
                ..Response::default()
            };
            (Outcome::Http(response), 1)
        }
        other => panic!("{other:?}"),
    };
    let mut world = World::new(config, 1, host)?;
    let operation = json!({"op": "get_token", "request": {"scopes": ["https://vault.azure.net/.default"]}});
    let operation = world.engine().operation(&operation.to_string())?;
    world.at(0, Action::Call("caller".into(), operation));
    world.run();
    world.ended("caller").unwrap().result.clone().unwrap()
}

/// Header and claims of an assertion whose signature fits the key in `key.pem`.
fn verified(assertion: &str, algorithm: Algorithm) -> (Value, Value) {
    let (input, signature) = assertion.rsplit_once('.').unwrap();
    let (header, claims) = input.split_once('.').unwrap();
    let pair = RsaKeyPair::from_pkcs8(&blocks("key.pem", "PRIVATE KEY")[0]).unwrap();
    let public = pair.public_key().as_ref().to_vec();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let fits =
        match algorithm {
            Algorithm::Ps256 => UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, &public)
                .verify(input.as_bytes(), &signature),
            Algorithm::Rs256 => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &public)
                .verify(input.as_bytes(), &signature),
        };
    assert!(fits.is_ok(), "the signature does not fit");
    let json = |part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    (json(header), json(claims))
}

/// The one assertion that `case` brings about.
fn assertion(case: Case, tenant: &str, algorithm: Algorithm) -> (Value, Value) {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let keep = Rc::clone(&seen);
    play(case, tenant, move |url, assertion| {
        keep.borrow_mut().push((url.to_owned(), assertion.to_owned()));
    })
    .unwrap_or_else(|error| panic!("{error}"));
    let seen = seen.borrow();
    let [(url, assertion)] = &seen[..] else {
        panic!("{seen:?}")
    };
    let (header, claims) = verified(assertion, algorithm);
    assert_eq!(claims["aud"], url.as_str());
    (header, claims)
}

#[test]
fn every_form_signs() {
    for (name, password) in [
        ("app.pem", None),
        ("pkcs1.pem", None),
        ("chain.pem", None),
        ("app.pem", Some("not needed")),
        ("pbes2_aes256.pem", Some("pass")),
        ("pbes2_aes128_sha512.pem", Some("pass")),
        ("pbes2_3des_sha1.pem", Some("pass")),
        ("pkcs12_3des.pem", Some("pass")),
        ("pkcs12_2des.pem", Some("pass")),
        ("modern.pfx", Some("pass")),
        ("legacy_rc2_40.pfx", Some("pass")),
        ("legacy_rc2_128.pfx", Some("pass")),
        ("sha512.pfx", Some("pass")),
        ("unicode.pfx", Some("pässwörd🔑")),
        ("empty_password.pfx", None),
        ("empty_password.pfx", Some("")),
        ("null_password.pfx", None),
        ("no_encryption.pfx", None),
    ] {
        let (header, _) = assertion(text(name, password), TENANT, Algorithm::Ps256);
        let thumbprint = digest(&SHA256, &blocks("certificate.pem", "CERTIFICATE")[0]);
        assert_eq!(header["x5t#S256"], URL_SAFE_NO_PAD.encode(thumbprint), "{name}");
    }
}

#[test]
fn an_assertion_says_what_entra_wants() {
    let (header, claims) = assertion(text("app.pem", None), TENANT, Algorithm::Ps256);
    let names: Vec<_> = header.as_object().unwrap().keys().collect();
    assert_eq!(names, ["alg", "typ", "x5t#S256"]);
    assert_eq!((&header["alg"], &header["typ"]), (&json!("PS256"), &json!("JWT")));
    let id = claims["jti"].as_str().unwrap().to_owned();
    assert_eq!((id.len(), &id[14..15]), (36, "4"), "{id}");
    assert_eq!(
        claims,
        json!({
            "aud": format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"),
            "iss": CLIENT, "sub": CLIENT, "jti": id,
            "iat": 1_793_000_000, "nbf": 1_793_000_000, "exp": 1_793_000_600,
        })
    );
}

#[test]
fn rs256_goes_with_the_old_thumbprint() {
    let old = digest(
        &SHA1_FOR_LEGACY_USE_ONLY,
        &blocks("certificate.pem", "CERTIFICATE")[0],
    );
    let mut chosen = text("app.pem", None);
    chosen.options["algorithm"] = "RS256".into();
    let adfs = text("app.pem", None);
    for (case, tenant) in [(chosen, TENANT), (adfs, "adfs")] {
        let (header, claims) = assertion(case, tenant, Algorithm::Rs256);
        assert_eq!(
            header,
            json!({"alg": "RS256", "typ": "JWT", "x5t": URL_SAFE_NO_PAD.encode(old)})
        );
        assert_eq!(
            claims["aud"].as_str().unwrap().contains("/adfs/oauth2/token"),
            tenant == "adfs"
        );
    }
}

#[test]
fn the_chain_is_sent_in_its_order_and_without_strangers() {
    let app = blocks("certificate.pem", "CERTIFICATE").remove(0);
    // In the file: root, key, stranger, application, issuer.
    let [root, _, _, issuer] = &blocks("chain.pem", "CERTIFICATE")[..] else {
        panic!()
    };
    for (name, password) in [("chain.pem", None), ("modern.pfx", Some("pass"))] {
        let mut case = text(name, password);
        case.options["send_certificate_chain"] = true.into();
        let (header, _) = assertion(case, TENANT, Algorithm::Ps256);
        let chain = [&app, issuer, root].map(|der| STANDARD.encode(der));
        assert_eq!(header["x5c"], json!(chain), "{name}");
    }
}

#[test]
fn a_key_elsewhere_needs_the_certificate_alone() {
    for (name, password) in [
        ("certificate.pem", None),
        ("certificate.cer", None),
        ("app.pem", None),
        ("no_key.pfx", Some("pass")),
        ("modern.pfx", Some("pass")),
    ] {
        let mut case = text(name, password);
        case.options["signing_key"] = 7.into();
        assertion(case, TENANT, Algorithm::Ps256);
    }
}

#[test]
fn two_files_make_one_certificate() {
    let case = Case {
        options: json!({"certificate_path": "/c.pem", "key_path": "/k.pem"}),
        secrets: Vec::new(),
        files: vec![
            ("/c.pem".into(), file("certificate.pem")),
            ("/k.pem".into(), file("key.pem")),
        ],
    };
    assertion(case, TENANT, Algorithm::Ps256);
}

#[test]
fn base64_of_a_pkcs12_file_is_one_too() {
    let mut case = text("modern.pfx", Some("pass"));
    case.secrets[0] = STANDARD.encode(file("modern.pfx")).into();
    assertion(case, TENANT, Algorithm::Ps256);
}

#[test]
fn what_cannot_be_used_is_told() {
    use ErrorKind::{InvalidConfiguration as Wrong, Unsupported};
    let joined = |names: &[&str]| names.iter().flat_map(|name| file(name)).collect::<Vec<u8>>();
    let cut = |name: &str, by: usize| file(name)[..file(name).len() - by].to_vec();
    let cases: [(Vec<u8>, Option<&str>, ErrorKind, &str); 25] = [
        (
            file("modern.pfx"),
            Some("wrong"),
            Wrong,
            "password of the PKCS #12 file is wrong",
        ),
        (
            file("legacy_rc2_40.pfx"),
            Some("Pass"),
            Wrong,
            "password of the PKCS #12 file is wrong",
        ),
        (file("modern.pfx"), None, Wrong, "no password is given"),
        (file("modern.pfx"), Some(""), Wrong, "no password is given"),
        (
            file("pbes2_aes256.pem"),
            Some("wrong"),
            Wrong,
            "password of the private key is wrong",
        ),
        (file("pbes2_aes256.pem"), None, Wrong, "no password is given"),
        (
            file("dek_info.pem"),
            Some("pass"),
            Unsupported,
            "openssl pkcs8 -topk8",
        ),
        (
            file("pkcs5_md5_des.pem"),
            Some("pass"),
            Unsupported,
            "openssl pkcs8",
        ),
        (file("scrypt.pem"), Some("pass"), Unsupported, "openssl pkcs8"),
        (file("slow.pem"), Some("pass"), Wrong, "2000000 iterations"),
        (file("slow_mac.pfx"), Some("pass"), Wrong, "2000000 iterations"),
        (file("slow_key.pfx"), Some("pass"), Wrong, "2000000 iterations"),
        (file("certificate.pem"), None, Wrong, "no private key"),
        (file("no_key.pfx"), Some("pass"), Wrong, "no private key"),
        (file("key.pem"), None, Wrong, "no certificate"),
        (
            joined(&["certificate.pem", "other_key.pem"]),
            None,
            Wrong,
            "does not belong",
        ),
        (
            joined(&["app.pem", "other_key.pem"]),
            None,
            Wrong,
            "more than one private key",
        ),
        (file("ec.pem"), None, Wrong, "no RSA key"),
        (file("weak.pem"), None, Wrong, "1024 bits"),
        (cut("app.pem", 40), None, Wrong, "not whole"),
        (
            cut("modern.pfx", 1),
            Some("pass"),
            Wrong,
            "neither PEM nor PKCS #12",
        ),
        (b"what is this?".to_vec(), None, Wrong, "neither PEM nor PKCS #12"),
        (vec![0xff; 100], None, Wrong, "neither PEM nor PKCS #12"),
        (vec![b'A'; 5 << 20], None, Wrong, "larger than 1 MiB"),
        (
            (0..33).flat_map(|_| file("certificate.pem")).collect(),
            None,
            Wrong,
            "more than 32 certificates",
        ),
    ];
    for (content, password, kind, part) in cases {
        let mut case = text("app.pem", password);
        case.secrets[0] = content.into();
        let began = std::time::Instant::now();
        let error = play(case, TENANT, |_, _| panic!("something was sent")).unwrap_err();
        assert!(began.elapsed().as_secs() < 5, "{part}: too much work");
        assert_eq!(error.kind(), kind, "{error}");
        let shown = error.to_string();
        assert!(shown.contains(part), "{part:?} is not in {shown}");
        assert!(
            shown.starts_with("ClientCertificateCredential: the certificate cannot be used. "),
            "{shown}"
        );
    }
}

/// A file that somebody changed, or cut off anywhere, is used or refused; nothing else happens.
#[test]
fn no_damage_breaks_the_reader() {
    for (name, password) in [
        ("app.pem", None),
        ("modern.pfx", Some("pass")),
        ("legacy_rc2_40.pfx", Some("pass")),
        ("pbes2_aes256.pem", Some("pass")),
        ("no_encryption.pfx", None),
    ] {
        let whole = file(name);
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..150 {
            let mut content = whole.clone();
            match random.u8(..4) {
                0 => content.truncate(random.usize(..whole.len())),
                _ => {
                    let at = random.usize(..whole.len());
                    content[at] = random.u8(..);
                }
            }
            let mut case = text(name, password);
            case.secrets[0] = content.into();
            let _ = play(case, TENANT, |_, _| {});
        }
    }
}

#[test]
fn the_options_must_fit_together() {
    for (options, part) in [
        (json!({}), "there is no certificate"),
        (json!({"certificate": 0, "certificate_path": "/c"}), "both"),
        (
            json!({"certificate": 0, "key_path": "/k"}),
            "key_path goes with certificate_path",
        ),
        (
            json!({"certificate_path": "/c", "key_path": "/k", "signing_key": 1}),
            "so key_path cannot be",
        ),
        (json!({"certificate": 3}), "missing"),
    ] {
        let case = Case {
            options,
            secrets: vec![file("app.pem").into()],
            files: Vec::new(),
        };
        let error = play(case, TENANT, |_, _| {}).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
        assert!(error.to_string().contains(part), "{error}");
    }
}
