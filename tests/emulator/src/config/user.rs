//! People.

use serde::Deserialize;

/// A user in a tenant.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The user principal name, such as `ada@contoso.example`.
    pub name: String,
    /// The object id, which access lists name.
    pub object_id: String,
    /// The tenant's GUID.
    #[serde(default)]
    pub tenant: Option<String>,
    /// The password; without one nobody signs in by password.
    #[serde(default)]
    pub password: Option<String>,
    /// Whether Entra ID wants to see the user: only a sign-in in a browser will do.
    #[serde(default)]
    pub needs_mfa: bool,
}

impl User {
    pub(super) fn default_ada() -> User {
        User {
            name: "ada@contoso.example".into(),
            object_id: "66666666-6666-4666-8666-666666666666".into(),
            tenant: None,
            password: Some("emulator-password".into()),
            needs_mfa: false,
        }
    }
}
