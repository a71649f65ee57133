//! A vault and someone who may do everything in it, for tests of what becomes of secrets.

use serde_json::{Value, json};

use crate::support::{Answer, Azure, CONTOSO, MACHINE_OBJECT, config};

pub(crate) struct Contoso {
    pub(crate) azure: Azure,
    authorization: String,
}

impl Contoso {
    /// The usual vault with some members changed.
    pub(crate) async fn start(change: Value) -> Contoso {
        let mut config = config();
        let vault = &mut config["vaults"][0];
        vault["access"] = json!([{ "principal": MACHINE_OBJECT, "roles": ["Key Vault Secrets Officer"] }]);
        for (member, value) in change.as_object().expect("members") {
            vault[member] = value.clone();
        }
        Contoso::with(config).await
    }

    /// A whole configuration with the usual machine in it.
    pub(crate) async fn with(config: Value) -> Contoso {
        let azure = Azure::start(config).await;
        let authorization = azure.vault_authorization().await;
        Contoso { azure, authorization }
    }

    pub(crate) async fn default() -> Contoso {
        Contoso::start(json!({})).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &Value::Null).await
    }

    pub(crate) async fn set(&self, name: &str, value: &str) -> Answer {
        self.call("PUT", &format!("/secrets/{name}"), &json!({ "value": value }))
            .await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call("PATCH", path, &body).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, &body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, &Value::Null).await
    }

    /// A request with the newest api-version, unless the path brings a query.
    pub(crate) async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.call_with(method, path, &[], body).await
    }

    pub(crate) async fn call_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        self.send(CONTOSO, method, path, headers, body).await
    }

    /// A request to another vault.
    pub(crate) async fn send(
        &self,
        host: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let path = if path.contains('?') {
            path.to_owned()
        } else {
            format!("{path}?api-version=2026-04-01")
        };
        let headers = [&[("Authorization", self.authorization.as_str())], headers].concat();
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.azure.https(method, host, &path, &headers, &body).await
    }

    /// The names in all pages of a list.
    pub(crate) async fn names(&self, list: &str) -> Vec<String> {
        let pages = self.pages(list).await;
        let name = |item: &Value| {
            item["id"]
                .as_str()
                .expect("an id")
                .rsplit('/')
                .next()
                .map(str::to_owned)
        };
        pages.iter().flatten().filter_map(name).collect()
    }

    /// All pages of a list.
    pub(crate) async fn pages(&self, list: &str) -> Vec<Vec<Value>> {
        let mut pages = Vec::new();
        let mut path = list.to_owned();
        loop {
            let page = self.get(&path).await.json();
            pages.push(page["value"].as_array().expect("items").clone());
            match page["nextLink"].as_str() {
                Some(next) => {
                    let below = next.strip_prefix("https://contoso.vault.azure.net:443");
                    below.expect(next).clone_into(&mut path);
                }
                None => return pages,
            }
        }
    }

    /// Puts the vault's clock forward.
    pub(crate) async fn advance(&self, seconds: f64) {
        self.azure
            .admin("POST", "advance/contoso", json!({ "seconds": seconds }))
            .await;
    }
}
