//! Who may do what with keys.

use serde_json::{Value, json};

use crate::contoso::Contoso;
use crate::keys::RSA_KEY;
use crate::support::{MACHINE, MACHINE_OBJECT, TENANT};

/// Every operation with its permission and its data action.
const OPERATIONS: [(&str, &str, &str, &str); 20] = [
    ("GET", "/keys/kek", "get", "read"),
    ("GET", "/keys", "list", "read"),
    ("GET", "/keys/kek/versions", "list", "read"),
    ("GET", "/deletedkeys", "list", "read"),
    ("GET", "/deletedkeys/kek", "get", "read"),
    ("POST", "/keys/kek/create", "create", "create/action"),
    ("PUT", "/keys/kek", "import", "import/action"),
    ("PATCH", "/keys/kek", "update", "update/action"),
    ("POST", "/keys/kek/rotate", "rotate", "rotate/action"),
    ("POST", "/keys/kek/encrypt", "encrypt", "encrypt/action"),
    ("POST", "/keys/kek/decrypt", "decrypt", "decrypt/action"),
    ("POST", "/keys/kek/sign", "sign", "sign/action"),
    ("POST", "/keys/kek/verify", "verify", "verify/action"),
    ("POST", "/keys/kek/wrapkey", "wrapKey", "wrap/action"),
    ("POST", "/keys/kek/unwrapkey", "unwrapKey", "unwrap/action"),
    ("POST", "/keys/kek/backup", "backup", "backup/action"),
    ("POST", "/keys/restore", "restore", "restore/action"),
    ("DELETE", "/keys/kek", "delete", "delete"),
    ("POST", "/deletedkeys/kek/recover", "recover", "recover/action"),
    ("DELETE", "/deletedkeys/kek", "purge", "purge/action"),
];

/// A vault with a key, and what the machine has in it.
async fn with(rbac: bool, mut entry: Value) -> Contoso {
    entry["principal"] = json!(MACHINE_OBJECT);
    let keys = json!({ "kek": { "pem": RSA_KEY } });
    Contoso::start(json!({ "rbac": rbac, "access": [entry], "keys": keys })).await
}

/// Whether the machine may do each of the operations; what they find is another matter.
async fn permitted(contoso: &Contoso) -> Vec<bool> {
    let mut permitted = Vec::new();
    for (method, path, ..) in OPERATIONS {
        let answer = contoso.call(method, path, &json!({ "value": "x" })).await;
        let refused = !answer.text.is_empty() && answer.codes().2.starts_with("ForbiddenBy");
        permitted.push(!refused);
    }
    permitted
}

#[tokio::test]
async fn every_operation_takes_its_own_permission() {
    let mut all: Vec<&str> = OPERATIONS
        .iter()
        .map(|(_, _, permission, _)| *permission)
        .collect();
    all.sort_unstable();
    all.dedup();
    for rbac in [true, false] {
        for permission in &all {
            let contoso = with(rbac, json!({ "keys": [permission] })).await;
            let expected = OPERATIONS.map(|(_, _, needed, _)| needed == *permission);
            assert_eq!(permitted(&contoso).await, expected, "{permission} {rbac}");
        }
    }
}

#[tokio::test]
async fn roles_allow_what_their_names_say() {
    let everything = OPERATIONS.map(|(.., action)| action);
    let use_of_keys = [
        "read",
        "update/action",
        "backup/action",
        "encrypt/action",
        "decrypt/action",
        "sign/action",
        "verify/action",
        "wrap/action",
        "unwrap/action",
    ];
    for (role, allowed) in [
        ("Key Vault Administrator", &everything[..]),
        ("Key Vault Crypto Officer", &everything),
        ("Key Vault Crypto User", &use_of_keys),
        (
            "Key Vault Crypto Service Encryption User",
            &["read", "wrap/action", "unwrap/action"],
        ),
        ("Key Vault Reader", &["read"]),
        ("Key Vault Secrets Officer", &[]),
        ("Key Vault Secrets User", &[]),
        ("Key Vault Contributor", &[]),
    ] {
        let contoso = with(true, json!({ "roles": [role] })).await;
        let expected = OPERATIONS.map(|(.., action)| allowed.contains(&action));
        assert_eq!(permitted(&contoso).await, expected, "{role}");
    }
}

#[tokio::test]
async fn roles_for_keys_allow_nothing_with_secrets() {
    let all = [
        "get", "list", "create", "import", "update", "delete", "backup", "wrapKey",
    ];
    for entry in [
        json!({ "roles": ["Key Vault Crypto Officer", "Key Vault Crypto User"] }),
        json!({ "keys": all }),
    ] {
        let contoso = with(true, entry).await;
        for path in ["/secrets/db-password", "/secrets"] {
            assert_eq!(contoso.get(path).await.codes().2, "ForbiddenByRbac", "{path}");
        }
    }
    let contoso = with(
        true,
        json!({ "secrets": ["get", "list", "set", "delete", "backup"] }),
    )
    .await;
    assert!(!permitted(&contoso).await.contains(&true));
}

#[tokio::test]
async fn a_refusal_names_what_was_missing() {
    let contoso = with(true, json!({})).await;
    for (method, path, _, action) in OPERATIONS {
        let refused = contoso.call(method, path, &json!({ "value": "x" })).await;
        assert_eq!(
            refused.codes(),
            (403, "Forbidden".into(), "ForbiddenByRbac".into())
        );
        let message = refused.message();
        let line = format!("\r\nAction: 'Microsoft.KeyVault/vaults/keys/{action}'\r\n");
        assert!(message.contains(&line), "{message}");
        let resource = if path.contains("kek") {
            "contoso/keys/kek"
        } else {
            "contoso"
        };
        assert!(message.contains(&format!("/vaults/{resource}'\r\n")), "{message}");
    }
    let contoso = with(false, json!({})).await;
    for (method, path, permission, _) in OPERATIONS {
        let refused = contoso.call(method, path, &json!({ "value": "x" })).await;
        let words = format!(
            "The user, group or application 'appid={MACHINE};oid={MACHINE_OBJECT};numgroups=0;\
             iss=https://sts.windows.net/{TENANT}/' does not have keys {permission} permission on key vault \
             'contoso;location=westeurope'."
        );
        assert!(refused.message().starts_with(&words), "{}", refused.message());
    }
}

#[tokio::test]
async fn keys_have_the_limits_of_the_vault() {
    let limits = json!({ "creates_per_10s": 2, "vault_per_10s": 3 });
    let roles = json!({ "roles": ["Key Vault Crypto Officer"] });
    let contoso = with(true, roles).await;
    contoso.azure.admin("PUT", "limits/contoso", limits).await;
    let create = ("POST", "/keys/kek/create", json!({ "kty": "RSA" }));
    let rotate = ("POST", "/keys/kek/rotate", Value::Null);
    let get = ("GET", "/keys/kek", Value::Null);
    let mut statuses = Vec::new();
    for (method, path, body) in [&create, &rotate, &create, &rotate, &get, &get, &get, &get] {
        statuses.push(contoso.call(method, path, body).await.status);
    }
    assert_eq!(statuses, [200, 200, 429, 429, 200, 200, 200, 429]);
}
