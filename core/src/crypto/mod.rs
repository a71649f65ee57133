//! Client certificates: read from the forms in which people have them, and the assertions that are signed with them.
//!
//! **No signature is made here.** One wants random numbers, against timing attacks and for PS256's salt, and the core
//! has none; and the best keys never enter the process. So every signature is an effect
//! ([`Effect::Sign`](crate::effect::Effect::Sign)), whether the key is in a file, in WebCrypto or in a security module:
//! native hosts answer it with the crate `nightlatch-signing`, JavaScript with WebCrypto, and a key in hardware with its
//! user's function. What is left is parsing, and that is small: [`der`], [`pem`], [`rsa`].
//!
//! Files that are encrypted (PKCS #12, PKCS #8 with a password) need the feature `encrypted-keys`, which native hosts
//! switch on; the edge does without its ciphers.

mod assertion;
mod der;
#[cfg(feature = "encryption")]
pub(crate) mod jwe;
mod pem;
mod rsa;
mod sha1;

#[cfg(feature = "encrypted-keys")]
mod password_based;
#[cfg(feature = "encrypted-keys")]
mod pkcs12;

use self::der::{Der, INTEGER};
use self::rsa::{Certificate, NoKey, PublicKey};
use crate::error::{Error, ErrorKind};
use crate::sensitive::Sensitive;
use crate::verdict::Verdict;

pub(crate) use assertion::{Claims, joined, signing_input};

/// No certificate with its chain and key is near this long.
pub(crate) const FILE_LIMIT: usize = 1 << 20;

/// More certificates than any chain has.
const MOST_CERTIFICATES: usize = 32;

/// Entra refuses shorter keys.
const LEAST_BITS: usize = 2048;

/// A certificate, those that vouch for it, and its key unless somebody else holds that.
#[derive(Debug)]
pub(crate) struct Bundle {
    /// In DER, the application's own first.
    chain: Vec<Sensitive>,
    /// PKCS #8 in DER.
    key: Option<Sensitive>,
}

/// What is wrong with a certificate or key, as a sentence.
fn unusable(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidConfiguration, text).diagnose(Verdict::CertificateUnusable)
}

impl Bundle {
    /// Reads files or texts, in PEM or PKCS #12. Without `key` somebody else signs, and no private key is looked at.
    pub(crate) fn read(parts: &[Sensitive], password: Option<&Sensitive>, key: bool) -> Result<Self, Error> {
        let mut found = Found {
            certificates: Vec::new(),
            keys: Vec::new(),
            password,
            wants_key: key,
        };
        for part in parts {
            if part.len() > FILE_LIMIT {
                return Err(too_large());
            }
            found.add(part)?;
        }
        found.bundle()
    }

    pub(crate) fn key(&self) -> Option<&Sensitive> {
        self.key.as_ref()
    }

    fn leaf(&self) -> &[u8] {
        self.chain.first().map_or(&[], Sensitive::expose)
    }
}

/// The error for files that nobody needs to read to the end.
pub(crate) fn too_large() -> Error {
    unusable("The certificate is larger than 1 MiB")
        .advise("Give the application's certificate with its chain and key alone.")
}

/// What has been found so far.
struct Found<'a> {
    certificates: Vec<Sensitive>,
    /// In PKCS #8.
    keys: Vec<Sensitive>,
    password: Option<&'a Sensitive>,
    wants_key: bool,
}

impl Found<'_> {
    fn add(&mut self, part: &Sensitive) -> Result<(), Error> {
        match part.expose_str() {
            Some(text) if pem::is_pem(text.as_bytes()) => self.add_pem(text),
            Some(text) if !text.is_empty() => match pem::decode(text) {
                Some(content) => self.add_der(&content),
                None => Err(unreadable()),
            },
            _ => self.add_der(part),
        }
    }

    fn add_pem(&mut self, text: &str) -> Result<(), Error> {
        let blocks = pem::blocks(text).ok_or_else(|| {
            unusable("The PEM text is not whole: a block has no end, or holds something else than base64")
        })?;
        for block in blocks {
            let key = match block.label {
                "CERTIFICATE" | "X509 CERTIFICATE" => {
                    self.certificates.push(block.content);
                    continue;
                }
                label if !label.ends_with("PRIVATE KEY") || !self.wants_key => continue,
                _ if block.encrypted => return Err(old_encryption()),
                "PRIVATE KEY" => rsa::from_pkcs8(block.content.expose()),
                "RSA PRIVATE KEY" => rsa::from_pkcs1(block.content.expose()),
                "ENCRYPTED PRIVATE KEY" => {
                    let key = decrypted(&block.content, self.password)?;
                    rsa::from_pkcs8(key.expose())
                }
                _ => Err(NoKey::NotRsa),
            };
            self.keys.push(key.map_err(no_key)?);
        }
        Ok(())
    }

    fn add_der(&mut self, content: &Sensitive) -> Result<(), Error> {
        if Certificate::read(content.expose()).is_some() {
            self.certificates.push(content.clone());
            return Ok(());
        }
        let version = Der::whole_sequence(content.expose()).and_then(|mut file| file.take(INTEGER));
        match version {
            Some([3]) => self.add_pkcs12(content),
            _ => Err(unreadable()),
        }
    }

    #[cfg(feature = "encrypted-keys")]
    fn add_pkcs12(&mut self, content: &Sensitive) -> Result<(), Error> {
        let (certificates, keys) = pkcs12::open(content.expose(), self.password, self.wants_key)?;
        self.certificates.extend(certificates);
        for key in keys {
            self.keys.push(rsa::from_pkcs8(key.expose()).map_err(no_key)?);
        }
        Ok(())
    }

    #[cfg(not(feature = "encrypted-keys"))]
    fn add_pkcs12(&mut self, _: &Sensitive) -> Result<(), Error> {
        Err(unsupported(
            "PKCS #12",
            "openssl pkcs12 -in app.pfx -nodes -out app.pem",
        ))
    }

    /// The chain that begins with the key's own certificate, and the key.
    fn bundle(self) -> Result<Bundle, Error> {
        if self.certificates.len() > MOST_CERTIFICATES {
            return Err(unusable(format!(
                "There are more than {MOST_CERTIFICATES} certificates"
            )));
        }
        let all: Option<Vec<Certificate<'_>>> = self
            .certificates
            .iter()
            .map(|der| Certificate::read(der.expose()))
            .collect();
        let all = all.ok_or_else(|| unusable("A certificate cannot be read"))?;
        if all.is_empty() {
            return Err(unusable("There is no certificate")
                .advise("Give a PEM file that holds the certificate beside its key, or a PKCS #12 file."));
        }
        let (leaf, key) = match (self.wants_key, &*self.keys) {
            (false, _) => (0, None),
            (true, [key]) => (own(&all, key)?, Some(key.clone())),
            (true, []) => {
                return Err(unusable("There is no private key")
                    .advise("Add the key to the file, give its own file as key_path, or a signing_key."));
            }
            (true, _) => return Err(unusable("There is more than one private key")),
        };
        let public = all[leaf].key.map_err(no_key)?;
        if public.bits() < LEAST_BITS {
            let text = format!(
                "The RSA key has {} bits; {LEAST_BITS} are the least",
                public.bits()
            );
            return Err(unusable(text));
        }
        Ok(Bundle {
            chain: chain(&all, leaf)
                .map(|at| self.certificates[at].clone())
                .collect(),
            key,
        })
    }
}

/// Which certificate a key belongs to.
fn own(all: &[Certificate<'_>], key: &Sensitive) -> Result<usize, Error> {
    let public = PublicKey::of_private(key.expose()).map_err(no_key)?;
    all.iter().position(|one| one.key == Ok(public)).ok_or_else(|| {
        unusable("The private key does not belong to the certificate")
            .advise("Give the key that the certificate was made for.")
    })
}

/// The certificate at `leaf`, the one that vouches for it, and so on as far as they are there.
fn chain(all: &[Certificate<'_>], leaf: usize) -> impl Iterator<Item = usize> {
    let mut left: Vec<usize> = (0..all.len()).filter(|at| *at != leaf).collect();
    std::iter::successors(Some(leaf), move |last| {
        let next = left.iter().position(|at| all[*at].subject == all[*last].issuer)?;
        Some(left.remove(next))
    })
}

fn unreadable() -> Error {
    unusable("The certificate is neither PEM nor PKCS #12")
        .advise("Give a PEM file with the certificate and its RSA key, or a PKCS #12 (.pfx, .p12) file.")
}

fn no_key(why: NoKey) -> Error {
    match why {
        NoKey::Malformed => unusable("The private key cannot be read"),
        NoKey::NotRsa => unusable("The key is no RSA key").advise(
            "Microsoft Entra ID takes certificates with RSA keys only: make one of 2,048 bits or more and register it.",
        ),
    }
}

fn old_encryption() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "The private key is encrypted in OpenSSL's old manner (DEK-Info), which is too weak to keep",
    )
    .advise("Convert it: openssl pkcs8 -topk8 -v2 aes256 -in old.pem -out key.pem")
}

#[cfg(feature = "encrypted-keys")]
fn decrypted(key: &Sensitive, password: Option<&Sensitive>) -> Result<Sensitive, Error> {
    let password = password.ok_or_else(|| {
        unusable("The private key is encrypted and no password is given").advise("Give the key's password.")
    })?;
    password_based::open_pkcs8(key.expose(), password)
}

#[cfg(not(feature = "encrypted-keys"))]
fn decrypted(_: &Sensitive, _: Option<&Sensitive>) -> Result<Sensitive, Error> {
    Err(unsupported(
        "An encrypted private key",
        "openssl pkcs8 -in key.pem -out plain.pem",
    ))
}

#[cfg(not(feature = "encrypted-keys"))]
fn unsupported(what: &str, command: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("{what} cannot be opened in this build"),
    )
    .advise(format!(
        "Convert it, and keep the result where secrets are kept: {command}"
    ))
}
