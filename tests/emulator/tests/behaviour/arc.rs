//! The Azure Arc agent: its challenge, in every form, and its two ages.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Answer, Azure, Folder, MACHINE, MACHINE_OBJECT, NAMED, NAMED_OBJECT, config};

const VAULT: &str = "api-version=2020-06-01&resource=https%3A%2F%2Fvault.azure.net";

struct Server {
    azure: Azure,
    folder: Folder,
}

impl Server {
    async fn start(arc: Value) -> Server {
        let folder = Folder::new("arc");
        fs::create_dir(folder.path.join("tokens")).expect("a folder");
        let mut config = config();
        config["identities"].as_array_mut().expect("identities").push(json!(
            { "name": "named", "kind": "user", "client_id": NAMED, "object_id": NAMED_OBJECT, "resource_id": "/some/Id" }
        ));
        config["arc"] = arc;
        config["arc"]["token_folder"] = json!(folder.path.join("tokens"));
        Server {
            azure: Azure::start(config).await,
            folder,
        }
    }

    async fn ask(&self, query: &str, key: Option<&str>) -> Answer {
        let authorization = key.map(|key| format!("Basic {key}")).unwrap_or_default();
        let headers = [("Metadata", "true"), ("Authorization", authorization.as_str())];
        let headers = if key.is_some() {
            &headers[..]
        } else {
            &headers[..1]
        };
        let path = format!("/arc/metadata/identity/oauth2/token?{query}");
        self.azure.http("GET", &path, headers, "").await
    }

    /// What a client does that looks at nothing: reads whatever file it is told.
    async fn naive(&self, query: &str) -> (PathBuf, Answer) {
        let file = realm(&self.ask(query, None).await);
        let key = fs::read_to_string(&file).expect("a readable file");
        (file, self.ask(query, Some(&key)).await)
    }

    fn tokens(&self) -> PathBuf {
        self.folder.path.join("tokens")
    }
}

fn realm(challenge: &Answer) -> PathBuf {
    assert_eq!(challenge.status, 401, "{}", challenge.text);
    let header = challenge.header("www-authenticate").expect("a challenge");
    header.strip_prefix("Basic realm=").expect(header).into()
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).expect("a folder").count()
}

#[tokio::test]
async fn who_reads_the_file_gets_a_token() {
    let server = Server::start(json!({})).await;
    for version in ["2020-06-01", "2019-11-01"] {
        let query = format!("api-version={version}&resource=https://vault.azure.net");
        let file = realm(&server.ask(&query, None).await);
        assert_eq!(
            (file.parent(), file.extension()),
            (Some(server.tokens().as_path()), Some("key".as_ref()))
        );
        let key = fs::read_to_string(&file).expect("a file");
        let answer = server.ask(&query, Some(&key)).await.json();
        assert!(
            answer["expires_on"]
                .as_str()
                .is_some_and(|text| text.parse::<u64>().is_ok())
        );
        let authorization = format!("Bearer {}", answer["access_token"].as_str().expect("a token"));
        assert_eq!(server.azure.read(&authorization).await.status, 200);
        assert_eq!(
            server.ask(&query, Some(&key)).await.status,
            401,
            "a key serves once"
        );
    }
    assert_eq!(server.azure.log().await[1]["principal"], MACHINE_OBJECT);
    assert_eq!(server.azure.log().await[0]["service"], "arc");
}

#[tokio::test]
async fn a_wrong_key_is_challenged_again_and_used_files_are_gone() {
    let server = Server::start(json!({})).await;
    assert_eq!(server.ask(VAULT, Some("guessed")).await.status, 401);
    let (file, answer) = server.naive(VAULT).await;
    assert_eq!(answer.status, 200);
    assert!(!file.exists());
    assert_eq!(files(&server.tokens()), 1, "of the first challenge");
}

#[tokio::test]
async fn the_rules_of_imds_hold_as_well() {
    let server = Server::start(json!({})).await;
    let path = format!("/arc/metadata/identity/oauth2/token?{VAULT}");
    let answer = server.azure.http("GET", &path, &[], "").await;
    assert_eq!(
        (answer.status, &answer.json()["error"]),
        (400, &json!("bad_request_102"))
    );
    for query in [
        "api-version=2018-02-01&resource=https://vault.azure.net",
        "api-version=2020-06-01",
    ] {
        assert_eq!(server.ask(query, None).await.status, 400, "{query}");
    }
    let (_, unknown) = server
        .naive("api-version=2020-06-01&resource=https://nobody.example")
        .await;
    assert_eq!(unknown.json()["error"], "invalid_resource");
}

#[tokio::test]
async fn every_hostile_challenge_would_reward_a_careless_client() {
    let server = Server::start(json!({})).await;
    for (challenge, is_as_it_says) in [
        (
            "outside_folder",
            (|server, file| file.parent() == Some(&server.folder.path)) as fn(&Server, &Path) -> bool,
        ),
        ("traversal", |server, file| {
            file.starts_with(server.tokens().join(".."))
        }),
        ("subfolder", |server, file| {
            file.parent() == Some(&server.tokens().join("below"))
        }),
        ("symlink", |server, file| file.parent() == Some(&server.tokens())),
        ("too_large", |server, file| {
            file.parent() == Some(&server.tokens())
        }),
        ("wrong_extension", |_, file| {
            file.extension() == Some("txt".as_ref())
        }),
    ] {
        server
            .azure
            .admin("PUT", "arc", json!({ "challenge": challenge }))
            .await;
        let file = realm(&server.ask(VAULT, None).await);
        assert!(is_as_it_says(&server, &file), "{challenge}: {}", file.display());
        let metadata = fs::symlink_metadata(&file).expect("a file");
        assert_eq!(metadata.is_symlink(), challenge == "symlink");
        assert_eq!(metadata.len() == 5120, challenge == "too_large");
        let (file, answer) = server.naive(VAULT).await;
        assert_eq!(answer.status, 200, "{challenge}");
        assert!(!file.exists(), "{challenge}");
    }
}

#[tokio::test]
async fn a_challenge_can_be_empty_or_missing() {
    let server = Server::start(json!({ "challenge": "no_realm" })).await;
    assert_eq!(
        server.ask(VAULT, None).await.header("www-authenticate"),
        Some("Basic")
    );
    server
        .azure
        .admin("PUT", "arc", json!({ "challenge": "absent" }))
        .await;
    assert_eq!(server.ask(VAULT, None).await.status, 200);
    server.azure.admin("PUT", "arc", json!({})).await;
    assert_eq!(server.ask(VAULT, None).await.status, 401);
}

#[tokio::test]
async fn a_named_identity_is_echoed_or_as_once_ignored() {
    let server = Server::start(json!({})).await;
    let asked = [
        ("client_id", NAMED),
        ("object_id", NAMED_OBJECT),
        ("msi_res_id", "/some/Id"),
    ];
    for (name, id) in asked {
        for (user_assigned, echo, given) in [
            ("echoed", json!(id), NAMED_OBJECT),
            ("ignored", Value::Null, MACHINE_OBJECT),
            ("mismatched", server_own(name), MACHINE_OBJECT),
        ] {
            server
                .azure
                .admin("PUT", "arc", json!({ "user_assigned": user_assigned }))
                .await;
            let (_, answer) = server.naive(&format!("{VAULT}&{name}={id}")).await;
            assert_eq!(answer.json()[name], echo, "{user_assigned}");
            let log = server.azure.log().await;
            assert_eq!(
                log.last().expect("a request")["principal"],
                given,
                "{user_assigned}"
            );
        }
    }
    server.azure.admin("PUT", "arc", json!({})).await;
    let (_, unknown) = server.naive(&format!("{VAULT}&client_id={MACHINE_OBJECT}")).await;
    assert_eq!(unknown.json()["error_description"], "Identity not found");
    let (_, unread) = server.naive(&format!("{VAULT}&mi_res_id=/some/Id")).await;
    assert_eq!(unread.status, 200, "this spelling means nothing here");
    assert_eq!(
        server.azure.log().await.last().expect("a request")["principal"],
        MACHINE_OBJECT
    );
}

fn server_own(name: &str) -> Value {
    let resource = "/subscriptions/00000000-0000-4000-8000-000000000000/resourcegroups/emulator/providers/\
                    Microsoft.Compute/virtualMachines/machine";
    json!(match name {
        "client_id" => MACHINE,
        "object_id" => MACHINE_OBJECT,
        _ => resource,
    })
}

#[tokio::test]
async fn without_a_folder_there_is_no_challenge() {
    let azure = Azure::default().await;
    let path = format!("/arc/metadata/identity/oauth2/token?{VAULT}");
    let answer = azure.http("GET", &path, &[("Metadata", "true")], "").await;
    assert_eq!(answer.status, 500);
    assert!(answer.text.contains("arc.token_folder"), "{}", answer.text);
}
