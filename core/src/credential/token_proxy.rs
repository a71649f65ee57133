//! The token proxy of a Kubernetes cluster with identity bindings: it stands in the cluster in place of the sign-in
//! service, and the cluster's own authority vouches for it. Used only where an option asks for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::config::Config;
use crate::effect::{Effect, Outcome, Route};
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::exec::exchange::mismatched;
use crate::url::Url;

use super::Miss;

const PROXY: &str = "AZURE_KUBERNETES_TOKEN_PROXY";
const SERVER_NAME: &str = "AZURE_KUBERNETES_SNI_NAME";
const CA_FILE: &str = "AZURE_KUBERNETES_CA_FILE";
const CA_DATA: &str = "AZURE_KUBERNETES_CA_DATA";

/// More than any bundle of authorities.
const FILE_LIMIT: usize = 1 << 20;

pub(super) struct TokenProxy {
    base: String,
    server_name: Option<Arc<str>>,
    trust: Trust,
}

/// Who vouches for the proxy.
enum Trust {
    /// Whom the host trusts.
    Host,
    Text(Arc<str>),
    File {
        path: String,
        last: Mutex<Option<Arc<str>>>,
    },
}

impl TokenProxy {
    /// As the cluster's webhook set it up; `None` where it did not.
    pub(super) fn of_environment(config: &Config) -> Result<Option<Self>, Error> {
        let set = |name| config.environment.get(name);
        let Some(url) = set(PROXY) else {
            return match [SERVER_NAME, CA_FILE, CA_DATA]
                .iter()
                .find(|name| set(name).is_some())
            {
                None => Ok(None),
                Some(name) => Err(wrong(format!("{name} is set, but {PROXY} is not"))),
            };
        };
        let trust = match (set(CA_FILE), set(CA_DATA)) {
            (Some(_), Some(_)) => return Err(wrong(format!("{CA_FILE} and {CA_DATA} are both set"))),
            (Some(path), None) => Trust::File {
                path: path.to_owned(),
                last: Mutex::default(),
            },
            (None, Some(text)) if holds_certificate(text) => Trust::Text(text.into()),
            (None, Some(_)) => return Err(wrong(format!("{CA_DATA} holds no certificate in PEM"))),
            (None, None) => Trust::Host,
        };
        if matches!(trust, Trust::Host) && set(SERVER_NAME).is_some() {
            return Err(wrong(format!("{SERVER_NAME} needs {CA_FILE} or {CA_DATA}")));
        }
        Ok(Some(Self {
            base: base(url).ok_or_else(|| {
                wrong(format!(
                    "{PROXY} is not an https URL without user, query and fragment"
                ))
            })?,
            server_name: set(SERVER_NAME).map(Into::into),
            trust,
        }))
    }

    /// What takes the place of the authority, without a slash at its end.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// The way there. The file of authorities is read for each exchange, so that a change counts from then on.
    pub(super) async fn route(&self, context: &Context) -> Result<Route, Miss> {
        let roots = match &self.trust {
            Trust::Host => return Ok(Route::Direct),
            Trust::Text(text) => Arc::clone(text),
            Trust::File { path, last } => authorities(context, path, last).await?,
        };
        Ok(Route::Private {
            roots,
            server_name: self.server_name.clone(),
        })
    }
}

/// A file without a certificate is one that is being rewritten: what it held before counts on.
async fn authorities(
    context: &Context,
    path: &str,
    last: &Mutex<Option<Arc<str>>>,
) -> Result<Arc<str>, Miss> {
    let effect = Effect::ReadFile {
        path: path.to_owned(),
        limit: FILE_LIMIT,
        plain: false,
    };
    let why = match context.insist(effect, Duration::from_secs(10)).await {
        Outcome::File { content, .. } => {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            match content.expose_str().filter(|text| holds_certificate(text)) {
                Some(text) if last.as_deref() != Some(text) => *last = Some(text.into()),
                _ => {}
            }
            match &*last {
                Some(roots) => return Ok(Arc::clone(roots)),
                None => "holds no certificate in PEM".into(),
            }
        }
        Outcome::Failed(fault) => format!("cannot be read: {fault}"),
        other => return Err(Miss::refused(mismatched(&other))),
    };
    Err(Miss::refused(wrong(format!("{CA_FILE} is {path}, which {why}"))))
}

fn holds_certificate(text: &str) -> bool {
    text.contains("-----BEGIN CERTIFICATE-----")
}

fn base(text: &str) -> Option<String> {
    let text = text.trim();
    let url = Url::parse(text)?;
    (url.scheme == "https" && url.query.is_none()).then(|| text.trim_end_matches('/').to_owned())
}

fn wrong(why: String) -> Error {
    let text = format!("The cluster's token proxy cannot be used: {why}.");
    Error::new(ErrorKind::InvalidConfiguration, text).advise(
        "The webhook of AKS sets these variables together; set none of them by hand, or leave enable_azure_proxy out.",
    )
}
