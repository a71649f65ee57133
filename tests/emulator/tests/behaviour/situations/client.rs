//! A client of everything, and all that can be wrong for it.

use std::fs;

use serde_json::{Value, json};

use self::Ask::{
    AppService, Arc, AzurePipelines, Certificate, Device, Federated, GithubActions, Imds, Password, Secret,
    Vault,
};
use crate::certificates::certificate_and_assertion;
use crate::keys::RSA_KEY;
use crate::support::{
    APP, APP_SECRET, AUTHORITY, Answer, Azure, CONTOSO, Folder, MACHINE_OBJECT, TENANT, config, form,
};

const ISSUER: &str = "https://oidc.emulator.example/";
const POD: &str = "system:serviceaccount:shop:basket";
const ADA: &str = "ada@contoso.example";
const DEVELOPER: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
const SCOPE: &str = "https://vault.azure.net/.default";

/// How a client asks.
#[derive(Clone, Copy)]
pub(super) enum Ask {
    Imds,
    AppService,
    /// The first answer of the agent, with its challenge.
    Arc,
    AzurePipelines,
    GithubActions,
    /// Entra ID, as an application with its secret.
    Secret,
    Certificate,
    Federated,
    Password,
    /// With a device code, twice: the first time everybody has to wait.
    Device,
    Vault(&'static str, &'static str),
}

pub(super) const GET: Ask = Vault("GET", "/secrets/db-password");
pub(super) const SET: Ask = Vault("PUT", "/secrets/db-password");

pub(super) struct Client {
    pub(super) azure: Azure,
    pub(super) authorization: String,
    assertion: String,
    _folder: Folder,
}

impl Client {
    pub(super) async fn start() -> Client {
        let folder = Folder::new("situations");
        fs::create_dir(folder.path.join("tokens")).expect("a folder");
        let (certificate, assertion) = certificate_and_assertion();
        let mut config = config();
        let application = &mut config["app_registrations"][0];
        application["certificates"] = json!([certificate]);
        application["federated"] = json!([{ "issuer": ISSUER, "subject": POD }]);
        config["users"] = json!([{ "name": ADA, "object_id": "cccccccc-0000-4000-8000-00000000000a", "password": "open sesame" }]);
        config["arc"] = json!({ "token_folder": folder.path.join("tokens") });
        let roles = ["Key Vault Secrets Officer", "Key Vault Crypto User"];
        let vault = &mut config["vaults"][0];
        vault["secrets"] = json!({
            "db-password": { "value": "s3cr3t", "expires": 4_000_000_000_u64 }, "key-of-api": "k3y", "gone": "g0ne",
        });
        vault["keys"] = json!({ "k": { "pem": RSA_KEY } });
        vault["deleted"] = json!(["gone"]);
        vault["soft_delete"] = json!({ "retention_days": 30, "purge_protection": true });
        vault["access"] = json!([{ "principal": MACHINE_OBJECT, "roles": roles }]);
        let azure = Azure::start(config).await;
        Client {
            authorization: azure.vault_authorization().await,
            azure,
            assertion,
            _folder: folder,
        }
    }

    pub(super) async fn ask(&self, ask: Ask) -> Option<Answer> {
        let metadata = ("Metadata", "true");
        let resource = "resource=https%3A%2F%2Fvault.azure.net";
        let http =
            async |method, path: &str, header| self.azure.try_http(method, path, &[header], "").await.ok();
        match ask {
            Imds => {
                let path = format!("/metadata/identity/oauth2/token?api-version=2018-02-01&{resource}");
                http("GET", &path, metadata).await
            }
            AppService => {
                let path = format!("/msi/token?api-version=2019-08-01&{resource}");
                http("GET", &path, ("X-IDENTITY-HEADER", "emulator-identity-header")).await
            }
            Arc => {
                let path = format!("/arc/metadata/identity/oauth2/token?api-version=2020-06-01&{resource}");
                http("GET", &path, metadata).await
            }
            AzurePipelines => {
                let path = "/azure_pipelines/oidctoken?api-version=7.1&\
                            serviceConnectionId=77777777-7777-4777-8777-777777777777";
                http(
                    "POST",
                    path,
                    ("Authorization", "Bearer emulator-system-access-token"),
                )
                .await
            }
            GithubActions => {
                let path = "/github_actions/token?api-version=2.0";
                http("GET", path, ("Authorization", "Bearer emulator-request-token")).await
            }
            Secret => self.application(&[("client_secret", APP_SECRET)]).await,
            Certificate => self.assertion(&self.assertion).await,
            Federated => {
                let minted = self
                    .azure
                    .admin("POST", "federated-token", json!({ "subject": POD }))
                    .await;
                self.assertion(minted.json()["token"].as_str().expect("a token"))
                    .await
            }
            Password => {
                let fields = [
                    ("grant_type", "password"),
                    ("username", ADA),
                    ("password", "open sesame"),
                ];
                self.person(&fields).await
            }
            Device => {
                let path = "/organizations/oauth2/v2.0/devicecode";
                let begun = self
                    .entra(path, &[("client_id", DEVELOPER), ("scope", SCOPE)])
                    .await?
                    .json();
                let code = begun["device_code"].as_str().expect("a code");
                let grant = "urn:ietf:params:oauth:grant-type:device_code";
                let fields = [("grant_type", grant), ("device_code", code)];
                let first = self.person(&fields).await?;
                let waits = first.json()["error"] == "authorization_pending";
                if waits {
                    self.person(&fields).await
                } else {
                    Some(first)
                }
            }
            Vault(method, path) => {
                let path = format!("{path}?api-version=7.6");
                let body = match method {
                    "PUT" => r#"{"value":"x"}"#,
                    "POST" => r#"{"alg":"RSA-OAEP-256","value":"eA"}"#,
                    _ => "",
                };
                let headers = [("Authorization", self.authorization.as_str())];
                self.azure
                    .try_https(method, CONTOSO, &path, &headers, body)
                    .await
                    .ok()
            }
        }
    }

    pub(super) async fn assertion(&self, assertion: &str) -> Option<Answer> {
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        self.application(&[("client_assertion_type", kind), ("client_assertion", assertion)])
            .await
    }

    pub(super) async fn application(&self, proof: &[(&str, &str)]) -> Option<Answer> {
        let usual = [
            ("grant_type", "client_credentials"),
            ("client_id", APP),
            ("scope", SCOPE),
        ];
        self.entra(&format!("/{TENANT}/oauth2/v2.0/token"), &[&usual, proof].concat())
            .await
    }

    pub(super) async fn person(&self, fields: &[(&str, &str)]) -> Option<Answer> {
        let usual = [("client_id", DEVELOPER), ("scope", SCOPE)];
        self.entra("/organizations/oauth2/v2.0/token", &[&usual, fields].concat())
            .await
    }

    pub(super) async fn entra(&self, path: &str, fields: &[(&str, &str)]) -> Option<Answer> {
        self.azure
            .try_https("POST", AUTHORITY, path, &[], &form(fields))
            .await
            .ok()
    }

    pub(super) async fn set_up(&self, name: &str, mut members: Value) {
        members["situation"] = json!(name);
        self.azure.admin("POST", "situation", members).await;
    }

    /// Sends what should be refused, and gives the reason.
    pub(super) async fn refused(&self, body: Value) -> String {
        let answer = self
            .azure
            .http("POST", "/_emulator/situation", &[], &body.to_string())
            .await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text);
        answer.text
    }
}
