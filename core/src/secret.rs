//! Names and values of secrets. What exists here has been checked: a `SecretName` is a valid name.
//!
//! Rules of names: "Vault-name and Object-name", "Object types, identifiers, and versioning" in Microsoft's
//! *About keys, secrets, and certificates*.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::iter::zip;
use std::sync::Arc;

use hashbrown::Equivalent;
use serde::Serialize;

use crate::error::{Error, ErrorKind};
use crate::json::quoted;
use crate::sensitive::Sensitive;
use crate::time::UnixTime;
use crate::url::Url;

/// The origin of a vault, such as `https://contoso.vault.azure.net`: lower case, without a path, and
/// without the port when it is the scheme's own.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VaultUrl(Arc<str>);

impl VaultUrl {
    /// Reads a vault URL as users write it. `http` is accepted for loopback hosts only, and only when
    /// `allow_http_loopback` is set.
    pub fn parse(text: &str, allow_http_loopback: bool) -> Result<Self, Error> {
        let refuse = |why: &str| {
            Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("{} is not a vault URL: {why}.", quoted(text)),
            )
            .advise("Give the vault's URI as the portal shows it, such as https://contoso.vault.azure.net/."))
        };
        let Some(url) = Url::parse(text.trim()) else {
            return refuse("it must be https://, a host and perhaps a port, without a user name");
        };
        if !url.is_origin() {
            return refuse("it must not hold a path or query");
        }
        let (scheme, host) = (url.scheme, url.host.to_ascii_lowercase());
        let default_port = match scheme {
            "https" => 443,
            "http" if !allow_http_loopback => {
                return refuse("https is required (http only for loopback, with allow_http_loopback)");
            }
            "http" if is_loopback(&host) => 80,
            "http" => return refuse("http is allowed for loopback hosts only"),
            _ => return refuse("the scheme must be https"),
        };
        Ok(Self(match url.port.filter(|port| *port != default_port) {
            Some(port) => format!("{scheme}://{host}:{port}").into(),
            None => format!("{scheme}://{host}").into(),
        }))
    }

    /// The origin, without a trailing slash.
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host, with the port unless it is the scheme's own.
    pub fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, rest)| rest)
    }

    /// Host without port.
    pub fn host(&self) -> &str {
        let authority = self.authority();
        match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => authority,
        }
    }
}

impl fmt::Display for VaultUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for VaultUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether `host` is this machine by name or address.
pub fn is_loopback(host: &str) -> bool {
    let is_v4 = || {
        let numbers = host.split('.').map(str::parse::<u8>);
        host.starts_with("127.") && numbers.clone().count() == 4 && numbers.clone().all(|n| n.is_ok())
    };
    // However many zeros of `::1` are written out.
    let is_v6 = || {
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        address.is_some_and(|address| address.contains(':') && address.trim_start_matches(['0', ':']) == "1")
    };
    host == "localhost" || host.ends_with(".localhost") || is_v4() || is_v6()
}

/// A secret's name: 1–127 letters, digits and hyphens. Names are equal ignoring case.
#[derive(Clone)]
pub struct SecretName(Arc<str>);

impl SecretName {
    /// Checks a name.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let good =
            (1..=127).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if good {
            return Ok(Self(text.into()));
        }
        let error = Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "{} is not a secret name: 1 to 127 letters, digits and hyphens are allowed.",
                quoted(text)
            ),
        );
        Err(if text.contains(['_', '.', ':']) {
            error.advise(format!(
                "Vaults know no '_', '.' or ':'; the usual spelling is {}.",
                quoted(&text.replace("__", "--").replace(['_', '.', ':'], "-"))
            ))
        } else {
            error
        })
    }

    /// As the caller wrote it.
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// A version of a secret: up to 127 letters and digits (the service makes 32 hexadecimal ones).
#[derive(Clone)]
pub struct SecretVersion(Arc<str>);

impl SecretVersion {
    /// Checks a version.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if (1..=127).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Ok(Self(text.into()));
        }
        Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("{} is not the version of a secret.", quoted(text)),
        )
        .advise("A version is the last part of a secret identifier: 32 hexadecimal digits."))
    }

    /// As the caller wrote it.
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// Which secret, in which vault, and perhaps which version of it.
///
/// Equal and hashed ignoring case, as the service does; the vault takes no part in the hash, since an
/// engine talks to few.
#[derive(Clone, Debug)]
pub struct SecretId {
    /// The vault.
    pub vault: VaultUrl,
    /// The name.
    pub name: SecretName,
    /// The version; `None` is the latest.
    pub version: Option<SecretVersion>,
}

impl SecretId {
    /// Whether both are versions of one secret.
    pub fn name_eq(&self, other: &SecretId) -> bool {
        self.vault == other.vault && self.name.as_str().eq_ignore_ascii_case(other.name.as_str())
    }

    /// The identifier borrowed, as cached reads use it.
    pub fn as_ref(&self) -> SecretIdRef<'_> {
        SecretIdRef {
            vault: &self.vault,
            name: self.name.as_str(),
            version: self.version.as_ref().map(SecretVersion::as_str),
        }
    }
}

impl fmt::Display for SecretId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/secrets/{}", self.vault, self.name)?;
        self.version
            .as_ref()
            .map_or(Ok(()), |version| write!(f, "/{}", version.as_str()))
    }
}

impl Hash for SecretId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_ref().hash(state);
    }
}

impl PartialEq for SecretId {
    fn eq(&self, other: &Self) -> bool {
        self.as_ref().equivalent(other)
    }
}

impl Eq for SecretId {}

/// A [`SecretId`] in borrowed parts, so that a cached read allocates nothing.
#[derive(Clone, Copy, Debug)]
pub struct SecretIdRef<'a> {
    /// The vault.
    pub vault: &'a VaultUrl,
    /// The name; an invalid one simply is in no cache.
    pub name: &'a str,
    /// The version; `None` is the latest.
    pub version: Option<&'a str>,
}

impl Hash for SecretIdRef<'_> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_folded(self.name, state);
        self.version.inspect(|version| hash_folded(version, state));
    }
}

impl Equivalent<SecretId> for SecretIdRef<'_> {
    #[inline]
    fn equivalent(&self, key: &SecretId) -> bool {
        // Most callers spell a name the same way each time, and comparing bytes is quicker.
        let same = |a: &str, b: &str| equal(a.as_bytes(), b.as_bytes()) || a.eq_ignore_ascii_case(b);
        same(self.name, key.name.as_str())
            && match (self.version, &key.version) {
                (Some(mine), Some(theirs)) => same(mine, theirs.as_str()),
                (None, None) => true,
                _ => false,
            }
            && (Arc::ptr_eq(&self.vault.0, &key.vault.0) || self.vault == &key.vault)
    }
}

/// As `==`, eight bytes at a time: texts are so short here that a call to compare them costs more than comparing. (On
/// the edge the size of the code counts more.)
#[inline]
fn equal(a: &[u8], b: &[u8]) -> bool {
    if cfg!(target_family = "wasm") {
        return a == b;
    }
    if a.len() != b.len() {
        return false;
    }
    let (a_words, b_words) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    match (a.last_chunk::<8>(), b.last_chunk::<8>()) {
        (Some(a_end), Some(b_end)) => a_end == b_end && zip(a_words, b_words).all(|(a, b)| a == b),
        _ => zip(a, b).all(|(a, b)| a == b),
    }
}

/// Hashes a text ignoring the case of letters, eight bytes at a time: setting the bit 0x20 folds letters, leaves
/// digits and hyphens as they are, and can only make texts collide that are no names.
#[inline]
fn hash_folded(text: &str, state: &mut impl Hasher) {
    const FOLD: u64 = 0x2020_2020_2020_2020;
    let mut rest = text.as_bytes();
    while let Some((word, tail)) = rest.split_first_chunk::<8>() {
        state.write_u64(u64::from_le_bytes(*word) | FOLD);
        rest = tail;
    }
    let last = rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    state.write_u64((last | FOLD) ^ (text.len() as u64) << 56);
}

/// A secret as the vault gave it. Cloning copies a pointer. `Debug` shows no value.
#[derive(Clone, Debug, PartialEq)]
pub struct Secret(Arc<SecretParts>);

/// The parts of a [`Secret`].
#[derive(Clone, Debug, PartialEq)]
pub struct SecretParts {
    /// The value.
    pub value: Sensitive,
    /// Everything else.
    pub properties: SecretProperties,
}

impl Secret {
    /// Joins value and properties.
    pub fn new(value: Sensitive, properties: SecretProperties) -> Self {
        Self(Arc::new(SecretParts { value, properties }))
    }

    /// The value.
    pub fn value(&self) -> &Sensitive {
        &self.0.value
    }

    /// Everything else.
    pub fn properties(&self) -> &SecretProperties {
        &self.0.properties
    }

    /// Roughly the bytes it occupies, for the cache's bound.
    pub fn size(&self) -> usize {
        let p = self.properties();
        let tags: usize = p.tags.iter().map(|(k, v)| k.len() + v.len() + 64).sum();
        256 + self.value().len() + p.id.len() + tags
    }
}

/// What the vault says of a secret besides its value. Times are UTC. Serialises to one flat object; times are seconds
/// since 1970 there.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SecretProperties {
    /// The full identifier, version included.
    pub id: String,
    /// The vault's origin.
    pub vault_url: String,
    /// The name.
    pub name: String,
    /// The version, if the identifier holds one.
    pub version: Option<String>,
    /// Whether it may be read.
    pub enabled: Option<bool>,
    /// `nbf`: informational, see [`crate::config::Validity`].
    pub not_before: Option<UnixTime>,
    /// `exp`: informational.
    pub expires_on: Option<UnixTime>,
    /// When this version was made.
    pub created_on: Option<UnixTime>,
    /// When its attributes last changed.
    pub updated_on: Option<UnixTime>,
    /// Free text, at most 255 characters.
    pub content_type: Option<String>,
    /// At most 15.
    pub tags: BTreeMap<String, String>,
    /// How deletion works in this vault, such as `Recoverable+Purgeable`.
    pub recovery_level: Option<String>,
    /// Days it can be recovered after deletion.
    pub recoverable_days: Option<u32>,
    /// Whether a certificate stands behind it.
    pub managed: Option<bool>,
    /// That certificate's key identifier.
    pub key_id: Option<String>,
    /// The version before, when the service tells it.
    pub previous_version: Option<String>,
}

/// A secret that was deleted and can still be recovered, or purged. Its value is out of reach.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DeletedSecret {
    /// What it was.
    pub properties: SecretProperties,
    /// The identifier under which it can be recovered; absent in a vault without soft delete.
    pub recovery_id: Option<String>,
    /// When it was deleted.
    pub deleted_date: Option<UnixTime>,
    /// When the service purges it.
    pub scheduled_purge_date: Option<UnixTime>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vault_urls_are_brought_to_one_form() {
        for text in [
            "https://Contoso.vault.azure.net",
            "https://contoso.vault.azure.net:443/",
            " https://contoso.VAULT.azure.net/ ",
        ] {
            assert_eq!(
                VaultUrl::parse(text, false).unwrap().as_str(),
                "https://contoso.vault.azure.net"
            );
        }
        let local = VaultUrl::parse("https://localhost:8443/", false).unwrap();
        assert_eq!((local.host(), local.authority()), ("localhost", "localhost:8443"));
        assert!(VaultUrl::parse("http://127.0.0.1:80", true).is_ok_and(|v| v.as_str() == "http://127.0.0.1"));
    }

    #[test]
    fn vault_urls_that_could_mislead_are_refused() {
        for text in [
            "",
            "contoso",
            "contoso.vault.azure.net",
            "http://contoso.vault.azure.net",
            "ftp://x",
            "https://",
            "https://user@contoso.vault.azure.net",
            "https://contoso.vault.azure.net/secrets/a",
            "https://contoso.vault.azure.net?x=1",
            "https://evil.com\\@contoso.vault.azure.net",
            "https://a:99999",
        ] {
            assert_eq!(
                VaultUrl::parse(text, true).unwrap_err().kind(),
                ErrorKind::InvalidArgument,
                "{text}"
            );
        }
    }

    #[test]
    fn this_machine_has_several_names() {
        for host in [
            "localhost",
            "a.localhost",
            "127.0.0.1",
            "127.255.0.9",
            "[::1]",
            "[0:0:0:0:0:0:0:1]",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "localhost.evil.com",
            "127.0.0.1.evil.com",
            "127.1",
            "127.0.0.256",
            "128.0.0.1",
            "[::2]",
            "[1]",
            "[1::]",
            "1",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn names_are_equal_ignoring_case_and_versions_matter() {
        let id = |name: &str, version: Option<&str>| SecretId {
            vault: VaultUrl::parse("https://a.vault.azure.net", false).unwrap(),
            name: SecretName::parse(name).unwrap(),
            version: version.map(|v| SecretVersion::parse(v).unwrap()),
        };
        let mut map = hashbrown::HashMap::new();
        map.insert(id("Db-Password", None), 1);
        map.insert(id("db-password", Some("AB")), 2);
        assert_eq!(map.get(&id("db-PASSWORD", None)), Some(&1));
        assert_eq!(map.get(&id("DB-password", Some("ab")).as_ref()), Some(&2));
        assert_eq!(map.get(&id("db-passwore", None).as_ref()), None);
    }

    #[test]
    fn bad_names_say_how_to_spell_them() {
        let error = SecretName::parse("db__pass.word").unwrap_err();
        assert!(error.to_string().contains("\"db--pass-word\""), "{error}");
        assert!(SecretName::parse("").is_err() && SecretName::parse(&"a".repeat(128)).is_err());
    }

    #[test]
    fn texts_are_equal_by_every_byte() {
        for length in 0..=40 {
            let text: Vec<u8> = (0..length).collect();
            assert!(equal(&text, &text.clone()));
            for at in 0..text.len() {
                let mut other = text.clone();
                other[at] ^= 0x80;
                assert!(
                    !equal(&text, &other) && !equal(&text, &text[..at]),
                    "{at} of {length}"
                );
            }
        }
    }
}
