//! The host's environment variables, as far as any source looks at them.

use crate::sensitive::Sensitive;

/// The names; those that only sources of a host look at, or the doctor, are left out where these are.
macro_rules! names {
    () => {
        names!(
            "AZURE_TENANT_ID" "AZURE_CLIENT_ID" "AZURE_CLIENT_SECRET" "AZURE_CLIENT_CERTIFICATE_PATH"
            "AZURE_CLIENT_CERTIFICATE_PASSWORD" "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN" "AZURE_USERNAME" "AZURE_PASSWORD"
            "AZURE_AUTHORITY_HOST" "AZURE_ADDITIONALLY_ALLOWED_TENANTS" "AZURE_IDENTITY_DISABLE_MULTITENANTAUTH"
            "AZURE_TOKEN_CREDENTIALS" "AZURE_FEDERATED_TOKEN_FILE";
            // The last line: where the developer tools and the Arc agent keep their files.
            "local":
            "AZURE_POD_IDENTITY_AUTHORITY_HOST" "IDENTITY_ENDPOINT" "IDENTITY_HEADER" "IDENTITY_SERVER_THUMBPRINT"
            "IMDS_ENDPOINT" "MSI_ENDPOINT" "MSI_SECRET" "DEFAULT_IDENTITY_CLIENT_ID" "AZURE_KUBERNETES_TOKEN_PROXY"
            "AZURE_KUBERNETES_SNI_NAME" "AZURE_KUBERNETES_CA_FILE" "AZURE_KUBERNETES_CA_DATA" "SYSTEM_OIDCREQUESTURI"
            "ACTIONS_ID_TOKEN_REQUEST_URL" "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
            "HOME" "USERPROFILE" "LOCALAPPDATA" "ProgramData" "ProgramFiles" "AZURE_CONFIG_DIR" "AZD_CONFIG_DIR";
            // What platforms tell of themselves.
            "doctor":
            "WEBSITE_SITE_NAME" "WEBSITE_RESOURCE_GROUP" "FUNCTIONS_WORKER_RUNTIME" "CONTAINER_APP_NAME"
            "KUBERNETES_SERVICE_HOST" "GITHUB_ACTIONS" "TF_BUILD";
        )
    };
    ($($name:literal)*; "local": $($local:literal)*; "doctor": $($doctor:literal)*;) => {
        &[
            $($name,)*
            $(#[cfg(feature = "local")] $local,)*
            $(#[cfg(feature = "doctor")] $doctor,)*
        ]
    };
}

/// Environment variables. A variable that is empty counts as not set.
#[derive(Clone, Debug, Default)]
pub struct Environment(Vec<(String, Sensitive)>);

impl Environment {
    /// The variables that any source looks at; a host passes these and no others.
    pub const NAMES: &'static [&'static str] = names!();

    /// The value of a variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name)
            .and_then(Sensitive::expose_str)
            .filter(|value| !value.is_empty())
    }

    /// As [`get`](Self::get), for a value that must not be copied.
    pub fn secret(&self, name: &str) -> Option<Sensitive> {
        self.get(name)?;
        self.find(name).cloned()
    }

    /// What is given, else what is set, for each of the `wanted`; or the variables that are not set, for a sentence.
    pub(crate) fn fill<'a, const N: usize>(
        &'a self,
        wanted: [(Option<&'a str>, &'static str); N],
    ) -> Result<[&'a str; N], String> {
        let found = wanted.map(|(given, name)| {
            let given = given.filter(|given| !given.is_empty());
            given.or_else(|| self.get(name)).ok_or(name)
        });
        let missing: Vec<&str> = found.iter().filter_map(|value| value.err()).collect();
        match missing.is_empty() {
            true => Ok(found.map(Result::unwrap_or_default)),
            false => Err(missing.join(", ")),
        }
    }

    /// Of several values for one name the last counts.
    fn find(&self, name: &str) -> Option<&Sensitive> {
        let (_, value) = self.0.iter().rfind(|(known, _)| known == name)?;
        Some(value)
    }
}

impl<N: Into<String>, V: Into<Sensitive>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(
            variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        let environment = Environment::from_iter([("AZURE_CLIENT_ID", ""), ("AZURE_TENANT_ID", "t")]);
        assert_eq!(
            (
                environment.get("AZURE_CLIENT_ID"),
                environment.get("AZURE_TENANT_ID")
            ),
            (None, Some("t"))
        );
    }
}
