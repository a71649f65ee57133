//! Azure Arc: machines outside Azure, through the agent that runs on them.
//!
//! The agent answers the question with the path of a file that only its group can read, and wants the content with
//! the question asked again. Whoever can answer in the agent's place could so have any file read and sent to him
//! (CVE-2024-35255), which is why that path is believed only where it can be nothing else than a key:
//!
//! ```text
//!   question ──▶ 401 + path ── folder, name, size, plain file ──▶ question + content ──▶ token ── echo ──▶ done
//!           └──▶ anything else: an error, nothing is read
//! ```

use std::time::Duration;

use crate::config::{Config, Platform};
use crate::effect::{Effect, FaultKind, Outcome};
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::exec::exchange::mismatched;
use crate::sensitive::Sensitive;
use crate::token::access_token::AccessToken;
use crate::verdict::Verdict;
use crate::wire::token::managed_identity::{arc, basic_realm, echoes};

use super::super::Miss;
use super::{Endpoint, NAME, Selection};

/// Where the agent listens unless a variable says otherwise.
const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:40342/metadata/identity/oauth2/token";

/// The largest key the agent writes, in bytes.
const KEY_LIMIT: usize = 4096;

const KEY_EXTENSION: &str = ".key";

/// What reading a local file may take.
const READING: Duration = Duration::from_secs(5);

pub(super) struct Arc {
    endpoint: Endpoint,
    /// Where the agent writes its keys, with the separator at its end.
    folder: String,
    windows: bool,
}

/// Where the agent's program lies, where it can lie anywhere.
pub(super) fn program(config: &Config) -> Option<String> {
    match config.options.host.platform {
        Platform::Linux => Some("/opt/azcmagent/bin/himds".into()),
        Platform::Windows => {
            let folder = config.environment.get("ProgramFiles")?;
            Some(format!(r"{folder}\AzureConnectedMachineAgent\himds.exe"))
        }
        Platform::Macos | Platform::Other => None,
    }
}

/// Whether a file exists. What cannot be looked at counts as absent, as in the MSAL libraries.
pub(super) async fn exists(context: &Context, path: &str) -> bool {
    let effect = Effect::ReadFile {
        path: path.into(),
        limit: 0,
        plain: false,
    };
    match context.insist(effect, READING).await {
        Outcome::File { .. } => true,
        Outcome::Failed(fault) => fault.kind == FaultKind::TooLarge,
        _ => false,
    }
}

impl Arc {
    /// The agent at `url`, or where it usually is.
    pub(super) fn new(config: &Config, url: Option<&str>) -> Result<Self, Error> {
        let windows = config.options.host.platform == Platform::Windows;
        let folder = match (
            config.options.host.platform,
            config.environment.get("ProgramData"),
        ) {
            (Platform::Linux, _) => "/var/opt/azcmagent/tokens/".into(),
            (Platform::Windows, Some(data)) => format!(r"{data}\AzureConnectedMachineAgent\Tokens\"),
            (Platform::Windows, None) => {
                let text = format!(
                    "{NAME}: ProgramData is not set, below which the Azure Arc agent writes its keys."
                );
                return Err(Error::new(ErrorKind::InvalidConfiguration, text));
            }
            _ => {
                let text = format!("{NAME}: Azure Arc has machines with Linux and Windows only.");
                return Err(Error::new(ErrorKind::Unsupported, text)
                    .advise("Remove IDENTITY_ENDPOINT and IMDS_ENDPOINT, which only the agent sets."));
            }
        };
        let url = url.unwrap_or(DEFAULT_ENDPOINT);
        Ok(Self {
            endpoint: Endpoint::new(config, "The Azure Arc agent", "IDENTITY_ENDPOINT", url)?,
            folder,
            windows,
        })
    }

    pub(super) async fn token(
        &self,
        context: &Context,
        selection: &Selection,
        resource: &str,
    ) -> Result<AccessToken, Miss> {
        let ask = async |key: Option<&Sensitive>| {
            let request = arc(&self.endpoint.url, resource, selection.as_ref(), key);
            self.endpoint.ask(context, &request).await
        };
        let challenge = ask(None).await?;
        if challenge.status != 401 {
            return Err(match self.endpoint.settle(context, &challenge) {
                Err(miss) => miss,
                Ok(_) => self.unbelievable("it gave a token without asking for its key"),
            });
        }
        let realm = challenge.header("www-authenticate").and_then(basic_realm);
        let path = realm
            .ok_or("it named no key file")
            .and_then(|realm| self.key_path(realm))
            .map_err(|why| self.unbelievable(why))?;
        let key = self.key(context, path).await?;
        let response = ask(Some(&key)).await?;
        let token = self.endpoint.settle(context, &response)?;
        if echoes(&response.body, selection.as_ref()) {
            Ok(token)
        } else {
            Err(selection.ignored())
        }
    }

    /// The path of the key that the agent's `realm` names, put together anew from the one folder there is.
    fn key_path(&self, realm: &str) -> Result<String, &'static str> {
        let (folder, name) = realm
            .split_at_checked(self.folder.len())
            .ok_or("its key file lies in another folder")?;
        let known = match self.windows {
            true => folder.eq_ignore_ascii_case(&self.folder),
            false => folder == self.folder,
        };
        let plain = !name.contains(['/', '\\', ':']) && !name.contains(char::is_control);
        match name.strip_suffix(KEY_EXTENSION) {
            _ if !known || !plain => Err("its key file lies in another folder"),
            None | Some("") => Err("its key file is not called *.key"),
            Some(_) => Ok(format!("{}{name}", self.folder)),
        }
    }

    async fn key(&self, context: &Context, path: String) -> Result<Sensitive, Miss> {
        let effect = Effect::ReadFile {
            path,
            limit: KEY_LIMIT,
            plain: true,
        };
        let fault = match context.insist(effect, READING).await {
            Outcome::File { content, .. } => {
                // It will stand in a header, as it is.
                let fits = |b: &u8| b.is_ascii_graphic() || *b == b' ';
                return match content.expose() {
                    key if !key.is_empty() && key.iter().all(fits) => Ok(content),
                    _ => Err(self.unbelievable("its key file holds no key")),
                };
            }
            Outcome::Failed(fault) => fault,
            other => return Err(Miss::refused(mismatched(&other))),
        };
        Err(match fault.kind {
            FaultKind::TooLarge => self.unbelievable("its key file is longer than 4096 bytes"),
            FaultKind::NotPlain => self.unbelievable("its key file is not a plain file"),
            FaultKind::PermissionDenied => {
                let who = match self.windows {
                    true => {
                        "Run this program as an administrator, or add its user to the group \"Hybrid agent extension applications\"."
                    }
                    false => {
                        "Add this program's user to the group himds (`sudo usermod -aG himds <user>`), and start it anew."
                    }
                };
                let text = format!("{NAME}: the key of the Azure Arc agent may not be read.");
                Miss::refused(error(ErrorKind::AuthenticationFailed, text).advise(who))
                    .diagnose(Verdict::ArcKeyForbidden)
            }
            _ => {
                let text = format!("{NAME}: the key of the Azure Arc agent cannot be read: {fault}.");
                Miss::refused(error(ErrorKind::AuthenticationFailed, text))
            }
        })
    }

    /// The answer is not one that the agent gives.
    fn unbelievable(&self, why: &str) -> Miss {
        let text = format!("{NAME}: the Azure Arc agent's answer was not believed: {why}.");
        Miss::refused(error(ErrorKind::MalformedResponse, text).advise(format!(
            "Check which program answers at {}: it is not the Connected Machine agent, or not one of this version.",
            self.endpoint.url
        )))
        .diagnose(Verdict::ArcAgentDoubtful)
    }
}

fn error(kind: ErrorKind, text: String) -> Error {
    Error::new(kind, text).with(|d| d.source = Some(NAME.into()))
}
