//! What a user can set, as one tree that reads from JSON: a binding hands its options over as they are and
//! knows none of them. Unknown names and impossible values are refused with their path.
//!
//! Secret values never stand in that JSON, because a parser leaves copies of what it reads: the host passes
//! them beside it, and a [`Slot`] says which one is meant.

pub mod credential;
mod environment;
pub(crate) mod fields;

use std::time::Duration;

pub use self::credential::CredentialOptions;
pub use self::environment::Environment;
use self::fields::{Field, Wrong, one_of, record};
use crate::error::{Error, ErrorKind};
use crate::sensitive::Sensitive;

/// Everything an engine is made from.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Config {
    /// What the user set.
    pub options: Options,
    /// The host's environment variables, as far as [`Environment::NAMES`] asks for them.
    pub environment: Environment,
    /// The secret values that [`Slot`]s in the options refer to.
    pub secrets: Vec<Sensitive>,
}

impl Config {
    /// Reads the options from JSON.
    pub fn from_json(
        options: &str,
        environment: Environment,
        secrets: Vec<Sensitive>,
    ) -> Result<Self, Error> {
        let options: Options = fields::read(options).map_err(|why| {
            Error::new(
                ErrorKind::InvalidConfiguration,
                format!("The options cannot be used: {why}."),
            )
        })?;
        let config = Self {
            options,
            environment,
            secrets,
        };
        config.check()?;
        Ok(config)
    }

    /// The secret value a slot refers to.
    pub fn secret(&self, slot: Slot) -> Result<Sensitive, Error> {
        self.secrets
            .get(slot.0 as usize)
            .filter(|s| !s.is_empty())
            .cloned()
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::InvalidConfiguration,
                    "A secret value of the credential is missing or empty.",
                )
            })
    }

    /// The same where an empty one has a meaning, as a password has.
    pub(crate) fn secret_or_empty(&self, slot: Slot) -> Result<Sensitive, Error> {
        match self.secrets.get(slot.0 as usize) {
            Some(empty) if empty.is_empty() => Ok(empty.clone()),
            _ => self.secret(slot),
        }
    }

    fn check(&self) -> Result<(), Error> {
        let cache = &self.options.cache;
        let share = |name: &str, value: f64| {
            if (0.0..=1.0).contains(&value) {
                return Ok(());
            }
            let text = format!("The option {name} must lie between 0 and 1.");
            Err(Error::new(ErrorKind::InvalidConfiguration, text))
        };
        share("cache.jitter", cache.jitter)?;
        share("cache.soft_window", cache.soft_window)
    }
}

/// The options, by subject.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Where tokens come from.
    pub credential: CredentialOptions,
    /// Who the token must stand for.
    pub expect: IdentityPin,
    /// How long secrets are kept.
    pub cache: CacheOptions,
    /// How often the service may be asked.
    pub limits: LimitOptions,
    /// How failures are tried again.
    pub retry: RetryOptions,
    /// How vaults are spoken to.
    pub vault: VaultOptions,
    /// What the host can do.
    pub host: HostOptions,
    /// Put in front of nightlatch's own `User-Agent`.
    pub user_agent: Option<String>,
}

/// The identity that a token must stand for; every field given is compared, ignoring case.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct IdentityPin {
    /// Application (client) id.
    pub client_id: Option<String>,
    /// Object (principal) id.
    pub object_id: Option<String>,
    /// Resource id of a managed identity.
    pub resource_id: Option<String>,
    /// Tenant id.
    pub tenant_id: Option<String>,
}

/// How long secrets are kept. Durations are seconds, fractions allowed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CacheOptions {
    /// Life of the latest version of a secret; 0 turns the cache off.
    pub ttl: Duration,
    /// Life of a pinned version, whose value cannot change.
    pub pinned_ttl: Duration,
    /// How much lives differ from each other, as a share, so that they do not end together.
    pub jitter: f64,
    /// The last share of the life, in which a copy is served and renewed at once.
    pub soft_window: f64,
    /// How long past its life a copy serves while the vault cannot be asked.
    pub stale_if_error: Duration,
    /// How long "no such secret" is remembered.
    pub negative_ttl: Duration,
    /// Entries kept; the least recently read goes first.
    pub max_entries: usize,
    /// Bytes kept.
    pub max_bytes: usize,
    /// Forced refreshes of one secret within this time share one fetch.
    pub refresh_interval: Duration,
}

impl Default for CacheOptions {
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(300),
            pinned_ttl: Duration::from_secs(3600),
            jitter: 0.1,
            soft_window: 0.2,
            stale_if_error: Duration::from_secs(3600),
            negative_ttl: Duration::from_secs(10),
            max_entries: 1000,
            max_bytes: 16 << 20,
            refresh_interval: Duration::from_secs(1),
        }
    }
}

/// How often the service may be asked; requests above wait. 0 means: without limit.
///
/// The vault's own limit is 4,000 transactions in 10 s ("Azure Key Vault service limits"); we keep to half.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LimitOptions {
    /// Requests a second for one secret.
    pub secret_per_second: f64,
    /// That many at once.
    pub secret_burst: u32,
    /// Requests a second for one vault.
    pub vault_per_second: f64,
    /// That many at once.
    pub vault_burst: u32,
    /// Secrets set or restored a second in one vault.
    pub create_per_second: f64,
    /// That many at once.
    pub create_burst: u32,
}

impl Default for LimitOptions {
    fn default() -> Self {
        Self {
            secret_per_second: 5.0,
            secret_burst: 5,
            vault_per_second: 200.0,
            vault_burst: 400,
            create_per_second: 15.0,
            create_burst: 15,
        }
    }
}

/// How failures are tried again. Durations are seconds.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RetryOptions {
    /// Tries in all, the first included.
    pub tries: u32,
    /// Mean of the first wait; each next one is twice as long.
    pub delay: Duration,
    /// The longest wait.
    pub max_delay: Duration,
    /// What an operation may take, if its caller says nothing; 75 s more while IMDS is being updated, and as much more
    /// as a person may need who is asked to sign in. A timeout of the caller's is kept exactly.
    pub operation_timeout: Duration,
    /// What one HTTP exchange may take.
    pub try_timeout: Duration,
}

impl Default for RetryOptions {
    fn default() -> Self {
        Self {
            tries: 5,
            delay: Duration::from_millis(800),
            max_delay: Duration::from_secs(60),
            operation_timeout: Duration::from_secs(60),
            try_timeout: Duration::from_secs(30),
        }
    }
}

/// How vaults are spoken to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VaultOptions {
    /// The data plane's `api-version`.
    pub api_version: String,
    /// Whether a challenge must name a domain that the vault's host belongs to.
    pub verify_challenge_resource: bool,
    /// Further domains whose vaults may be spoken to, such as `vault.example.org`.
    pub allowed_domains: Vec<String>,
    /// Whether vaults on this machine may be spoken to without TLS.
    pub allow_http_loopback: bool,
    /// What to do with a secret outside its `nbf`/`exp` window.
    pub validity: Validity,
    /// How long before its `exp` a secret is told of as near its expiry (event `secret_near_expiry`); 0: never.
    pub near_expiry: Duration,
}

impl Default for VaultOptions {
    fn default() -> Self {
        Self {
            api_version: "2025-07-01".into(),
            verify_challenge_resource: true,
            allowed_domains: Vec::new(),
            allow_http_loopback: false,
            validity: Validity::Allow,
            near_expiry: Duration::from_secs(30 * 86_400),
        }
    }
}

/// The service treats `nbf` and `exp` of secrets as information; a user may be stricter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validity {
    /// Serve it, as the service does.
    #[default]
    Allow,
    /// Serve it and tell by an event.
    Warn,
    /// Refuse it.
    Refuse,
}

/// What the host can do.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct HostOptions {
    /// Who renews what nears its end.
    pub renewal: Renewal,
    /// The operating system.
    pub platform: Platform,
}

/// Who renews a token or secret that nears its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Renewal {
    /// The first caller who notices, since a host of blocking threads works only while somebody waits.
    #[default]
    Caller,
    /// Nobody waits: the host's event loop carries it on.
    Detached,
}

/// The operating system, as far as it decides where things lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Platform {
    /// Linux.
    Linux,
    /// Windows.
    Windows,
    /// macOS.
    Macos,
    /// Anything else, browsers and edge included: no files, no commands.
    #[default]
    Other,
}

record! {
    Options { credential, expect, cache, limits, retry, vault, host, user_agent }
    IdentityPin { client_id, object_id, resource_id, tenant_id }
    CacheOptions {
        ttl, pinned_ttl, jitter, soft_window, stale_if_error, negative_ttl, max_entries, max_bytes, refresh_interval,
    }
    LimitOptions { secret_per_second, secret_burst, vault_per_second, vault_burst, create_per_second, create_burst }
    RetryOptions { tries, delay, max_delay, operation_timeout, try_timeout }
    VaultOptions {
        api_version, verify_challenge_resource, allowed_domains, allow_http_loopback, validity, near_expiry,
    }
    HostOptions { renewal, platform }
}

impl Field for Validity {
    fn read(raw: &str, path: &str) -> Result<Self, Wrong> {
        let names = [
            ("allow", Self::Allow),
            ("warn", Self::Warn),
            ("refuse", Self::Refuse),
        ];
        one_of(&names, raw, path)
    }
}

impl Field for Renewal {
    fn read(raw: &str, path: &str) -> Result<Self, Wrong> {
        one_of(
            &[("caller", Self::Caller), ("detached", Self::Detached)],
            raw,
            path,
        )
    }
}

impl Field for Platform {
    fn read(raw: &str, path: &str) -> Result<Self, Wrong> {
        let names = [
            ("linux", Self::Linux),
            ("windows", Self::Windows),
            ("macos", Self::Macos),
            ("other", Self::Other),
        ];
        one_of(&names, raw, path)
    }
}

impl Field for Slot {
    fn read(raw: &str, path: &str) -> Result<Self, Wrong> {
        u32::read(raw, path).map(Self)
    }
}

/// The number of a secret value that the host passed beside the options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot(pub u32);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(options: &str) -> Result<Config, Error> {
        Config::from_json(options, Environment::default(), Vec::new())
    }

    #[test]
    fn nothing_set_is_the_documented_default() {
        let config = read("{}").unwrap();
        assert_eq!(config.options.cache.ttl, Duration::from_secs(300));
        assert!(config.options.vault.verify_challenge_resource);
        assert!(matches!(config.options.credential, CredentialOptions::Default(_)));
    }

    #[test]
    fn null_and_absent_differ_for_the_managed_identity() {
        let of = |json: &str| match read(json).unwrap().options.credential {
            CredentialOptions::Default(d) => d.managed_identity_client_id,
            _ => unreachable!(),
        };
        assert_eq!(of(r#"{"credential":{"type":"DefaultAzureCredential"}}"#), None);
        assert_eq!(
            of(r#"{"credential":{"type":"DefaultAzureCredential","managed_identity_client_id":null}}"#),
            Some(None)
        );
    }

    #[test]
    fn wrong_options_are_named() {
        for (json, part) in [
            (r#"{"cache":{"tttl":1}}"#, "tttl"),
            (r#"{"cache":{"ttl":-1}}"#, "-1"),
            (r#"{"cache":{"jitter":2}}"#, "cache.jitter"),
            (r#"{"credential":{"type":"NoCredential"}}"#, "NoCredential"),
        ] {
            let error = read(json).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfiguration);
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
