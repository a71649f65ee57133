//! Who may do what, and from where.

use serde_json::{Value, json};

use crate::contoso::Contoso;
use crate::support::{MACHINE, MACHINE_OBJECT, TENANT};

/// Every operation with its permission and its data action.
const OPERATIONS: [(&str, &str, &str, &str); 12] = [
    ("GET", "/secrets/db-password", "get", "getSecret/action"),
    ("PUT", "/secrets/db-password", "set", "setSecret/action"),
    ("PATCH", "/secrets/db-password", "set", "update/action"),
    ("GET", "/secrets", "list", "readMetadata/action"),
    (
        "GET",
        "/secrets/db-password/versions",
        "list",
        "readMetadata/action",
    ),
    ("DELETE", "/secrets/db-password", "delete", "delete"),
    ("GET", "/deletedsecrets", "list", "readMetadata/action"),
    ("GET", "/deletedsecrets/db-password", "get", "readMetadata/action"),
    (
        "POST",
        "/deletedsecrets/db-password/recover",
        "recover",
        "recover/action",
    ),
    ("DELETE", "/deletedsecrets/db-password", "purge", "purge/action"),
    ("POST", "/secrets/db-password/backup", "backup", "backup/action"),
    ("POST", "/secrets/restore", "restore", "restore/action"),
];

/// Whether the machine may do each of the operations; what they find is another matter.
async fn permitted(contoso: &Contoso) -> Vec<bool> {
    let mut permitted = Vec::new();
    for (method, path, ..) in OPERATIONS {
        let answer = contoso.call(method, path, &json!({ "value": "x" })).await;
        let inner = if answer.text.is_empty() {
            String::new()
        } else {
            answer.codes().2
        };
        permitted.push(!inner.starts_with("Forbidden"));
    }
    permitted
}

fn access(entry: &Value) -> Value {
    let mut entry = entry.clone();
    entry["principal"] = json!(MACHINE_OBJECT);
    json!([entry])
}

#[tokio::test]
async fn every_operation_takes_its_own_permission() {
    let all = [
        "get", "list", "set", "delete", "backup", "restore", "recover", "purge",
    ];
    for rbac in [true, false] {
        for permission in all {
            let access = access(&json!({ "secrets": [permission] }));
            let contoso = Contoso::start(json!({ "rbac": rbac, "access": access })).await;
            let expected = OPERATIONS.map(|(_, _, needed, _)| needed == permission);
            assert_eq!(permitted(&contoso).await, expected, "{permission} {rbac}");
        }
    }
}

#[tokio::test]
async fn roles_allow_what_their_names_say() {
    let everything = OPERATIONS.map(|(.., action)| action);
    for (role, allowed) in [
        ("Key Vault Reader", &["readMetadata/action"][..]),
        (
            "Key Vault Secrets User",
            &["readMetadata/action", "getSecret/action"],
        ),
        ("Key Vault Secrets Officer", &everything),
        ("Key Vault Administrator", &everything),
    ] {
        let contoso = Contoso::start(json!({ "access": access(&json!({ "roles": [role] })) })).await;
        let expected = OPERATIONS.map(|(.., action)| allowed.contains(&action));
        assert_eq!(permitted(&contoso).await, expected, "{role}");
        contoso.azure.admin("PUT", "access/contoso", json!([])).await;
        assert!(!permitted(&contoso).await.contains(&true));
    }
}

#[tokio::test]
async fn roles_mean_nothing_to_access_policies() {
    let access = access(&json!({ "roles": ["Key Vault Administrator"] }));
    let contoso = Contoso::start(json!({ "rbac": false, "access": access })).await;
    assert_eq!(
        contoso.get("/secrets/db-password").await.codes().2,
        "ForbiddenByPolicy"
    );
}

#[tokio::test]
async fn a_refusal_names_what_was_missing() {
    let contoso = Contoso::start(json!({ "access": [] })).await;
    for (method, path, _, action) in OPERATIONS {
        let refused = contoso.call(method, path, &json!({ "value": "x" })).await;
        assert_eq!(
            refused.codes(),
            (403, "Forbidden".into(), "ForbiddenByRbac".into())
        );
        let line = format!("\r\nAction: 'Microsoft.KeyVault/vaults/secrets/{action}'\r\n");
        assert!(refused.message().contains(&line), "{}", refused.message());
    }
    let contoso = Contoso::start(json!({ "rbac": false, "access": [] })).await;
    for (method, path, permission, _) in OPERATIONS {
        let refused = contoso.call(method, path, &json!({ "value": "x" })).await;
        let words = format!(
            "The user, group or application 'appid={MACHINE};oid={MACHINE_OBJECT};numgroups=0;\
             iss=https://sts.windows.net/{TENANT}/' does not have secrets {permission} permission on key vault \
             'contoso;location=westeurope'."
        );
        assert!(refused.message().starts_with(&words), "{}", refused.message());
    }
}

#[tokio::test]
async fn access_policies_refuse_with_either_code() {
    for code in ["ForbiddenByPolicy", "AccessDenied"] {
        let change = json!({ "rbac": false, "policy_refusal": code, "access": [] });
        let contoso = Contoso::start(change).await;
        let refused = contoso.get("/secrets/db-password").await;
        assert_eq!(refused.codes(), (403, "Forbidden".into(), code.into()));
    }
}

#[tokio::test]
async fn a_firewall_lets_its_own_addresses_pass() {
    let contoso = Contoso::default().await;
    for (firewall, client, passes) in [
        (json!([]), "203.0.113.7", false),
        (json!(["203.0.113.7"]), "203.0.113.7", true),
        (json!(["203.0.113.7"]), "203.0.113.8", false),
        (json!(["198.51.100.1", "203.0.113.0/24"]), "203.0.113.8", true),
        (json!(["203.0.113.0/30"]), "203.0.113.4", false),
        (json!(["0.0.0.0/0"]), "203.0.113.4", true),
        (json!(["0.0.0.0/0"]), "2001:db8::1", false),
        (json!(["2001:db8::/32"]), "2001:db8::1", true),
        (Value::Null, "203.0.113.7", true),
    ] {
        let network = json!({ "firewall": firewall, "client_address": client });
        contoso.azure.admin("PUT", "network/contoso", network).await;
        let answer = contoso.get("/secrets/db-password").await;
        assert_eq!(answer.status == 200, passes, "{firewall} {client}");
        if !passes {
            let message = answer.message();
            let lines: Vec<&str> = message.split("\r\n").collect();
            assert_eq!(answer.codes().2, "ForbiddenByFirewall");
            assert_eq!(
                lines[0],
                "Client address is not authorized and caller is not a trusted service."
            );
            assert_eq!(lines[1], format!("Client address: {client}"));
            assert!(lines[2].starts_with("Caller: appid="), "{}", lines[2]);
            assert_eq!(lines[3], "Vault: contoso;location=westeurope");
        }
    }
    for text in ["203.0.113.0/33", "everywhere", "203.0.113.0/"] {
        let body = json!({ "firewall": [text] }).to_string();
        let path = "/_emulator/network/contoso";
        let answer = contoso.azure.http("PUT", path, &[], &body).await;
        assert_eq!(answer.status, 400, "{text}");
    }
}

#[tokio::test]
async fn a_vault_sees_where_its_clients_come_from() {
    let contoso = Contoso::start(json!({ "network": { "firewall": [] } })).await;
    let refused = contoso.get("/secrets/db-password").await;
    assert!(refused.message().contains("\r\nClient address: 127.0.0.1\r\n"));
    assert_eq!(
        refused.header("x-ms-keyvault-network-info"),
        Some("conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;")
    );
    let local = json!({ "firewall": ["127.0.0.0/8"] });
    contoso.azure.admin("PUT", "network/contoso", local).await;
    assert_eq!(contoso.get("/secrets/db-password").await.status, 200);
}

#[tokio::test]
async fn without_public_access_nobody_gets_in() {
    let network = json!({ "public_access": false, "firewall": ["0.0.0.0/0"] });
    let contoso = Contoso::start(json!({ "network": network, "access": [] })).await;
    let refused = contoso.get("/secrets/under_score").await;
    assert_eq!(
        refused.codes(),
        (403, "Forbidden".into(), "ForbiddenByConnection".into()),
        "before the address, limits and permissions are looked at"
    );
    assert!(
        refused
            .message()
            .starts_with("Connection is not an approved private link and caller was ignored")
    );
    let challenged = contoso
        .azure
        .https(
            "GET",
            crate::support::CONTOSO,
            "/secrets?api-version=7.6",
            &[],
            "",
        )
        .await;
    assert_eq!(challenged.status, 401, "but a token comes first");
}
