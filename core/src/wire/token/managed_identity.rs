//! Requests to the endpoints of managed identities: the same question in seven spellings.
//!
//! Sources: *How to use managed identities for Azure resources on an Azure VM to acquire an access token*, *Managed
//! identities for App Service and Azure Functions* (REST endpoint reference), *Authenticate against Azure resources
//! with Azure Arc-enabled servers*, *Using Service Fabric application managed identity*, and the Azure SDKs.

use crate::effect::{Method, Request};
use crate::json::Object;
use crate::sensitive::Sensitive;
use crate::wire::{form, query};

/// Which managed identity is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityRef<'a> {
    /// The system-assigned one, or the only one.
    System,
    /// A user-assigned one, by its client (application) id.
    ClientId(&'a str),
    /// A user-assigned one, by its object (principal) id.
    ObjectId(&'a str),
    /// A user-assigned one, by its Azure resource id.
    ResourceId(&'a str),
}

impl<'a> IdentityRef<'a> {
    /// The query parameter, given the platform's names for client, object and resource id.
    fn parameter(self, names: [&'static str; 3]) -> Option<(&'static str, &'a str)> {
        match self {
            IdentityRef::System => None,
            IdentityRef::ClientId(id) => Some((names[0], id)),
            IdentityRef::ObjectId(id) => Some((names[1], id)),
            IdentityRef::ResourceId(id) => Some((names[2], id)),
        }
    }
}

const IMDS_NAMES: [&str; 3] = ["client_id", "object_id", "msi_res_id"];

/// Asks the Instance Metadata Service. `base` is usually `http://169.254.169.254`.
pub fn imds(base: &str, resource: &str, id: IdentityRef<'_>) -> Request {
    imds_probe(base, resource, id).header("metadata", "true")
}

/// The same request without the `Metadata` header: the service refuses it at once, which proves that
/// it is there.
pub fn imds_probe(base: &str, resource: &str, id: IdentityRef<'_>) -> Request {
    let url = format!("{}/metadata/identity/oauth2/token", base.trim_end_matches('/'));
    get(&url, "2018-02-01", resource, id.parameter(IMDS_NAMES))
}

/// Asks App Service, Functions, Container Apps or Automation (`IDENTITY_ENDPOINT`, `IDENTITY_HEADER`).
/// Automation also wants the `Metadata` header; the others ignore it.
pub fn app_service_2019(endpoint: &str, header: &Sensitive, resource: &str, id: IdentityRef<'_>) -> Request {
    let id = id.parameter(["client_id", "principal_id", "mi_res_id"]);
    get(endpoint, "2019-08-01", resource, id)
        .header("x-identity-header", header.clone())
        .header("metadata", "true")
}

/// Asks the endpoint of 2017 (`MSI_ENDPOINT`, `MSI_SECRET`) of Azure Machine Learning and old App Service, which
/// knows client ids only.
pub fn app_service_2017(
    endpoint: &str,
    header: &Sensitive,
    resource: &str,
    client_id: Option<&str>,
) -> Request {
    let id = client_id.map(|id| ("clientid", id));
    get(endpoint, "2017-09-01", resource, id).header("secret", header.clone())
}

/// Asks the agent of an Azure Arc machine: at first without a `key`, which it answers with the [place](basic_realm)
/// of one.
pub fn arc(endpoint: &str, resource: &str, id: IdentityRef<'_>, key: Option<&Sensitive>) -> Request {
    let request = get(endpoint, "2020-06-01", resource, id.parameter(IMDS_NAMES)).header("metadata", "true");
    match key {
        Some(key) => request.header("authorization", Sensitive::concat(&[b"Basic ", key.expose()])),
        None => request,
    }
}

/// The realm of a `WWW-Authenticate: Basic` header (RFC 7617), where the Arc agent names a file. Everything after
/// the sign counts, since the agent does not quote.
pub fn basic_realm(header: &str) -> Option<&str> {
    let (scheme, parameters) = header.trim().split_once(' ')?;
    let (name, realm) = parameters.split_once('=')?;
    let basic = scheme.eq_ignore_ascii_case("basic") && name.trim().eq_ignore_ascii_case("realm");
    let realm = realm.trim();
    let unquoted = realm.strip_prefix('"').and_then(|realm| realm.strip_suffix('"'));
    Some(unquoted.unwrap_or(realm)).filter(|realm| basic && !realm.is_empty())
}

/// Whether the answer says that its token is for the identity that was asked for. Agents that cannot tell identities
/// apart ignore the parameter, and hand out the token of the system-assigned one.
pub fn echoes(body: &Sensitive, id: IdentityRef<'_>) -> bool {
    let (names, wanted): (&[&str], _) = match id {
        IdentityRef::System => return true,
        IdentityRef::ClientId(id) => (&["client_id"], id),
        IdentityRef::ObjectId(id) => (&["object_id"], id),
        IdentityRef::ResourceId(id) => (&["msi_res_id", "mi_res_id"], id),
    };
    let answer = Object::parse(body.expose());
    let told = answer.and_then(|answer| names.iter().find_map(|name| answer.text(name)));
    told.is_some_and(|told| told.eq_ignore_ascii_case(wanted))
}

/// Asks Service Fabric. `rejected` is the SHA-256, in lower-case hexadecimal, of a token that a resource no longer
/// accepts; `cae`: the client understands continuous access evaluation.
pub fn service_fabric(
    endpoint: &str,
    header: &Sensitive,
    resource: &str,
    rejected: Option<&str>,
    cae: bool,
) -> Request {
    let mut extra = Vec::new();
    extra.extend(rejected.map(|hash| ("token_sha256_to_refresh", hash)));
    extra.extend(cae.then_some(("xms_cc", "cp1")));
    get(endpoint, "2019-07-01-preview", resource, extra).header("secret", header.clone())
}

/// Asks Cloud Shell, for the person who sits there.
pub fn cloud_shell(endpoint: &str, resource: &str) -> Request {
    Request::new(Method::Post, endpoint)
        .header("metadata", "true")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form(&[("resource", resource.as_bytes())]))
}

fn get<'a>(
    url: &str,
    api_version: &'a str,
    resource: &'a str,
    extra: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Request {
    let mut pairs = vec![("api-version", api_version), ("resource", resource)];
    pairs.extend(extra);
    Request::new(Method::Get, query(url, &pairs))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(request: &Request) -> Vec<&str> {
        request.headers.iter().map(|(name, _)| &**name).collect()
    }

    #[test]
    fn each_platform_spells_ids_in_its_own_way() {
        let secret = Sensitive::from("h");
        let resource = "https://vault.azure.net";
        let probe = imds_probe("http://169.254.169.254/", resource, IdentityRef::System);
        assert_eq!(
            probe.url,
            "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net"
        );
        assert!(names(&probe).is_empty());
        for (id, ours, app_service) in [
            (IdentityRef::ClientId("1"), "&client_id=1", "&client_id=1"),
            (IdentityRef::ObjectId("2"), "&object_id=2", "&principal_id=2"),
            (
                IdentityRef::ResourceId("/3"),
                "&msi_res_id=%2F3",
                "&mi_res_id=%2F3",
            ),
        ] {
            let request = imds("http://x", resource, id);
            assert!(request.url.ends_with(ours), "{request:?}");
            assert_eq!(names(&request), ["metadata"]);
            let request = arc("http://x", resource, id, Some(&secret));
            assert!(request.url.ends_with(ours), "{request:?}");
            assert_eq!(names(&request), ["metadata", "authorization"]);
            let request = app_service_2019("http://127.0.0.1:41056/msi/token/", &secret, resource, id);
            assert!(request.url.ends_with(app_service), "{request:?}");
            assert_eq!(names(&request), ["x-identity-header", "metadata"]);
        }
        let old = app_service_2017("http://127.0.0.1:1/t", &secret, "r", Some("4"));
        assert_eq!(
            old.url,
            "http://127.0.0.1:1/t?api-version=2017-09-01&resource=r&clientid=4"
        );
        assert_eq!(names(&old), ["secret"]);
        let fabric = service_fabric("https://h/t", &secret, "r", Some("ab"), true);
        assert_eq!(
            fabric.url,
            "https://h/t?api-version=2019-07-01-preview&resource=r&token_sha256_to_refresh=ab&xms_cc=cp1"
        );
    }

    #[test]
    fn a_realm_is_whatever_follows() {
        for header in [
            "Basic realm=/a b/c.key",
            "basic Realm=\"/a b/c.key\"",
            " Basic realm = /a b/c.key ",
        ] {
            assert_eq!(basic_realm(header), Some("/a b/c.key"), "{header}");
        }
        for header in [
            "",
            "Basic",
            "Basic realm",
            "Basic realm=",
            "Bearer realm=/a.key",
            "Basic key=/a",
        ] {
            assert_eq!(basic_realm(header), None, "{header}");
        }
    }
}
