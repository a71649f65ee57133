//! The certificate of an application, which proves itself by an assertion that is signed with its key.
//!
//! A file is read anew for each exchange, about once an hour: a certificate that was replaced on the disk is used from
//! then on, and the key is in memory for that moment only. The assertion is made anew as well; it is never sent for two
//! tokens. Certificates that came as text stay, as the text itself does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hmac_sha256::Hash;

use crate::config::Config;
use crate::config::credential::CertificateOptions;
use crate::crypto::{Bundle, Claims, FILE_LIMIT, joined, signing_input, too_large};
use crate::effect::{Algorithm, Effect, Fault, FaultKind, Outcome, SigningKey};
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::exec::Context;
use crate::exec::exchange::mismatched;
use crate::random::Random;
use crate::sensitive::Sensitive;
use crate::verdict::Verdict;

use super::Miss;
use super::proof::Audience;

/// What reading a file may take.
const READING: Duration = Duration::from_secs(10);

/// A certificate, and who signs with its key.
pub(crate) struct ClientCertificate {
    place: Place,
    password: Option<Sensitive>,
    signing_key: Option<u32>,
    algorithm: Option<Algorithm>,
    send_chain: bool,
    signing: Duration,
    warned: AtomicBool,
}

enum Place {
    Files(Vec<String>),
    Here(Bundle),
}

impl ClientCertificate {
    /// From the options of a credential with that name.
    pub(crate) fn of_options(
        config: &Config,
        options: &CertificateOptions,
        name: &str,
    ) -> Result<Self, Error> {
        let refuse = |text: &str| {
            Err(Error::new(
                ErrorKind::InvalidConfiguration,
                format!("{name}: {text}."),
            ))
        };
        let password = options
            .password
            .map(|slot| config.secret_or_empty(slot))
            .transpose()?;
        if options.signing_key.is_some() && options.key_path.is_some() {
            return refuse("signing_key is given, so key_path cannot be");
        }
        let place = match (&options.certificate_path, options.certificate) {
            (Some(path), None) => Place::Files(
                [Some(path), options.key_path.as_ref()]
                    .into_iter()
                    .flatten()
                    .cloned()
                    .collect(),
            ),
            (None, Some(_)) if options.key_path.is_some() => {
                return refuse("key_path goes with certificate_path; add the key to the certificate's text");
            }
            (None, Some(slot)) => {
                let text = config.secret(slot)?;
                let bundle = Bundle::read(&[text], password.as_ref(), options.signing_key.is_none());
                Place::Here(bundle.map_err(|error| named(error, name, ""))?)
            }
            (Some(_), Some(_)) => {
                return refuse("certificate and certificate_path are both given; give one of them");
            }
            (None, None) => return refuse("there is no certificate; give certificate_path or certificate"),
        };
        Ok(Self::new(config, place, password, options))
    }

    /// In one file, as `EnvironmentCredential` has it.
    pub(crate) fn of_file(
        config: &Config,
        path: &str,
        password: Option<Sensitive>,
        options: &CertificateOptions,
    ) -> Self {
        Self::new(config, Place::Files(vec![path.to_owned()]), password, options)
    }

    fn new(config: &Config, place: Place, password: Option<Sensitive>, options: &CertificateOptions) -> Self {
        Self {
            place,
            password,
            signing_key: options.signing_key,
            algorithm: options.algorithm,
            send_chain: options.send_certificate_chain,
            signing: config.options.retry.operation_timeout,
            warned: AtomicBool::new(false),
        }
    }

    /// An assertion in the name of the credential `source`.
    pub(super) async fn assertion(
        &self,
        context: &Context,
        source: &'static str,
        audience: Audience<'_>,
    ) -> Result<Sensitive, Miss> {
        let read;
        let bundle = match &self.place {
            Place::Here(bundle) => bundle,
            Place::Files(paths) => {
                read = self.read(context, source, paths).await?;
                &read
            }
        };
        let algorithm = self.algorithm.unwrap_or(if audience.adfs {
            Algorithm::Rs256
        } else {
            Algorithm::Ps256
        });
        let claims = Claims {
            audience: audience.token_url,
            client_id: audience.client_id,
            id: &context.random(Random::uuid),
            now: context.now().unix,
        };
        let input = signing_input(bundle, algorithm, self.send_chain, &claims);
        let key = match (self.signing_key, bundle.key()) {
            (None, Some(key)) => SigningKey::Pkcs8(key.clone()),
            (handle, _) => SigningKey::Host(handle.unwrap_or_default()),
        };
        let effect = Effect::Sign {
            key,
            algorithm,
            message: input.clone().into_bytes(),
            digest: Hash::hash(input.as_bytes()),
        };
        match context.insist(effect, self.signing).await {
            Outcome::Signed(signature) => Ok(joined(&input, &signature)),
            Outcome::Failed(fault) => Err(not_signed(source, &fault)),
            other => Err(Miss::refused(mismatched(&other))),
        }
    }

    async fn read(&self, context: &Context, source: &str, paths: &[String]) -> Result<Bundle, Miss> {
        let mut parts = Vec::with_capacity(paths.len());
        for path in paths {
            let place = format!(" {path}");
            let effect = Effect::ReadFile {
                path: path.clone(),
                limit: FILE_LIMIT,
                plain: false,
            };
            match context.insist(effect, READING).await {
                Outcome::File { content, shared } => {
                    // The key is in the last file, or in the only one.
                    let holds_key = self.signing_key.is_none() && parts.len() + 1 == paths.len();
                    if shared && holds_key && !self.warned.swap(true, Ordering::Relaxed) {
                        context.emit(Event::KeyFileShared { path: path.clone() });
                    }
                    parts.push(content);
                }
                Outcome::Failed(fault) if fault.kind == FaultKind::TooLarge => {
                    return Err(Miss::refused(named(too_large(), source, &place)));
                }
                Outcome::Failed(fault) => {
                    let error = Error::new(
                        ErrorKind::InvalidConfiguration,
                        format!("The file cannot be read: {fault}"),
                    )
                    .advise("Check the path, and that this process may read the file.")
                    .diagnose(Verdict::CertificateUnusable);
                    return Err(Miss::refused(named(error, source, &place)));
                }
                other => return Err(Miss::refused(mismatched(&other))),
            }
        }
        let place = format!(" {}", paths.join(" and "));
        Bundle::read(&parts, self.password.as_ref(), self.signing_key.is_none())
            .map_err(|error| Miss::refused(named(error, source, &place)))
    }
}

/// Tells whose certificate is meant, and makes a sentence of it.
fn named(error: Error, source: &str, place: &str) -> Error {
    error.with(|d| {
        d.message = format!("{source}: the certificate{place} cannot be used. {}.", d.message);
        d.source = Some(source.into());
    })
}

fn not_signed(source: &str, fault: &Fault) -> Miss {
    let kind = match fault.kind {
        FaultKind::Unavailable => ErrorKind::CredentialUnavailable,
        FaultKind::Unsupported => ErrorKind::Unsupported,
        FaultKind::Timeout => ErrorKind::Timeout,
        _ => ErrorKind::AuthenticationFailed,
    };
    let error = Error::new(
        kind,
        format!("{source}: the assertion could not be signed: {fault}."),
    );
    Miss::of(error.with(|d| d.source = Some(source.into())))
}
