//! What happens when somebody signs in.

use serde::Deserialize;

/// How people behave in front of a sign-in page, and Entra ID afterwards.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignIn {
    /// The name of the user who signs in, unless the client hints at another; by default the first one.
    pub user: Option<String>,
    /// How it ends.
    pub outcome: Outcome,
    /// An error for the sign-in page to send back instead.
    pub error: Option<String>,
    /// How the sign-in page answers, whatever the client asks for.
    pub response_mode: Option<ResponseMode>,
    /// Sign-in with a code on another device.
    pub device: Device,
    /// Whether a refresh token serves once. Entra ID takes it again until it is revoked.
    pub single_use_refresh_tokens: bool,
}

/// How a sign-in ends.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// With a token.
    #[default]
    Granted,
    /// The user says no.
    Declined,
    /// The user takes too long: the code is over when it is used.
    Expired,
}

/// The two ways back from a sign-in page.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// A redirect.
    Query,
    /// A page with a form that sends itself.
    FormPost,
}

/// Sign-in with a code on another device.
#[derive(Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Device {
    /// How often a client is told to wait before there is an outcome; null: until the configuration changes.
    pub pending: Option<u32>,
    /// How often it is told to slow down after that.
    pub slow_down: u32,
    /// How many seconds it is told to wait between two questions.
    pub interval: u64,
    /// How many seconds the code lives.
    pub expires_in: u64,
}

impl Default for Device {
    fn default() -> Device {
        Device {
            pending: Some(1),
            slow_down: 0,
            interval: 5,
            expires_in: 900,
        }
    }
}
