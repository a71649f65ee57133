//! What the tools on a developer's machine have in common: the Azure CLI, the Azure Developer CLI, Azure PowerShell
//! and Visual Studio's token provider.
//!
//! * **The command line.** Nothing comes onto it that was not looked at: tenants, scopes and subscriptions hold a few
//!   harmless characters and never begin with `-`, claims travel in base64. Programs run without a shell, by a bare
//!   name that the host looks up on `PATH`, or by an absolute path; never from the working directory.
//!   (CVE-2023-36414 and CVE-2023-36415 were about both.)
//! * **What they print** is shown only after [`clean`] has taken away whatever looks like a token.
//! * **Whose token it is.** A tool gives a token of whoever is signed in at that moment. The tools keep that in a
//!   profile file, which is read before the tool is asked; the token is kept together with the file's [`Profile`] and
//!   dropped as soon as the file is another one: tokens of different accounts never mix.

mod azure_cli;
mod azure_developer_cli;
mod azure_powershell;
mod profile;
mod visual_studio;

use std::time::Duration;

use crate::base64;
use crate::config::credential::ToolOptions;
use crate::config::{Config, Platform};
use crate::effect::{Effect, FaultKind, Outcome};
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::exec::exchange::mismatched;
use crate::operation::TokenRequest;
use crate::sensitive::Sensitive;
use crate::time::Seconds;
use crate::token::access_token::AccessToken;
use crate::verdict::Verdict;
use crate::wire::token::{TokenGrant, aadsts, aadsts_codes};
use crate::wire::{Malformed, clean};

use super::entra::malformed;
use super::tenants::Tenants;
use super::{Credential, Grant, Miss};
use azure_cli::AzureCli;
use azure_developer_cli::AzureDeveloperCli;
use azure_powershell::AzurePowerShell;
use visual_studio::VisualStudio;

pub(crate) use profile::Profile;

/// Any of them.
pub(crate) enum DeveloperTool {
    AzureCli(AzureCli),
    AzureDeveloperCli(AzureDeveloperCli),
    AzurePowerShell(AzurePowerShell),
    VisualStudio(VisualStudio),
}

impl DeveloperTool {
    pub(crate) fn azure_cli(
        config: &Config,
        options: &ToolOptions,
        subscription: Option<&str>,
    ) -> Result<Credential, Error> {
        AzureCli::new(config, options, subscription)
            .map(Self::AzureCli)
            .map(Credential::DeveloperTool)
    }

    pub(crate) fn azure_developer_cli(config: &Config, options: &ToolOptions) -> Result<Credential, Error> {
        AzureDeveloperCli::new(config, options)
            .map(Self::AzureDeveloperCli)
            .map(Credential::DeveloperTool)
    }

    pub(crate) fn azure_powershell(config: &Config, options: &ToolOptions) -> Result<Credential, Error> {
        AzurePowerShell::new(config, options)
            .map(Self::AzurePowerShell)
            .map(Credential::DeveloperTool)
    }

    pub(crate) fn visual_studio(config: &Config, options: &ToolOptions) -> Result<Credential, Error> {
        VisualStudio::new(config, options)
            .map(Self::VisualStudio)
            .map(Credential::DeveloperTool)
    }

    /// The credential's SDK name.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::AzureCli(_) => azure_cli::ABOUT.name,
            Self::AzureDeveloperCli(_) => azure_developer_cli::ABOUT.name,
            Self::AzurePowerShell(_) => azure_powershell::ABOUT.name,
            Self::VisualStudio(_) => visual_studio::ABOUT.name,
        }
    }

    pub(crate) async fn token(&self, context: &Context, request: &TokenRequest) -> Result<Grant, Miss> {
        match self {
            Self::AzureCli(tool) => tool.token(context, request).await,
            Self::AzureDeveloperCli(tool) => tool.token(context, request).await,
            Self::AzurePowerShell(tool) => tool.token(context, request).await,
            Self::VisualStudio(tool) => tool.token(context, request).await,
        }
    }
}

/// A tool, for commands and messages.
struct About {
    /// The credential's SDK name.
    name: &'static str,
    /// The tool's own name.
    title: &'static str,
    /// What is said when it is not installed.
    absent: &'static str,
    /// How to sign in.
    sign_in: &'static str,
}

/// A tool as it was configured.
struct Tool {
    about: &'static About,
    tenants: Tenants,
    timeout: Duration,
    /// Where it keeps who is signed in.
    profile: Option<String>,
}

/// What a tool wrote until it ended.
struct Printed {
    status: Option<i32>,
    stdout: Sensitive,
    stderr: Sensitive,
}

impl Printed {
    fn errors(&self) -> String {
        String::from_utf8_lossy(self.stderr.expose()).into_owned()
    }

    /// Whether either stream holds `words`.
    fn says(&self, words: &str) -> bool {
        let says = |stream: &Sensitive| {
            stream
                .expose()
                .windows(words.len())
                .any(|w| w == words.as_bytes())
        };
        says(&self.stdout) || says(&self.stderr)
    }

    /// Whether it is the system that speaks, because there is no such program.
    fn is_absent(&self, program: &str) -> bool {
        // A shell's status, and cmd.exe's.
        matches!(self.status, Some(127 | 9009)) || {
            let (text, begin) = (self.errors(), format!("{program}:"));
            let not_found = |line: &str| {
                line.find(&begin)
                    .is_some_and(|at| line[at..].contains("not found"))
            };
            text.starts_with(&format!("'{program}' is not recognized")) || text.lines().any(not_found)
        }
    }
}

impl Tool {
    /// A tool that may take `usual`, unless the options say otherwise.
    fn new(
        config: &Config,
        about: &'static About,
        options: &ToolOptions,
        usual: Duration,
        profile: Option<String>,
    ) -> Result<Self, Error> {
        let tenant = options.tenant_id.as_deref().filter(|t| !t.is_empty());
        Ok(Self {
            about,
            tenants: Tenants::new(config, tenant, &options.additionally_allowed_tenants)?,
            timeout: options.process_timeout.unwrap_or(usual),
            profile,
        })
    }

    /// The tenant to name on the command line.
    fn tenant<'a>(&'a self, request: &'a TokenRequest) -> Result<Option<&'a str>, Miss> {
        let wanted = request.tenant.as_deref();
        self.tenants.resolve(wanted).map_err(Miss::refused)
    }

    /// The state of the profile file. To be read before the tool is asked: whoever signs in as somebody else
    /// meanwhile changes it.
    async fn profile(&self, context: &Context) -> Option<Profile> {
        let path = self.profile.as_ref()?;
        Some(Profile::read(context, path.as_str().into()).await)
    }

    /// Runs a command to its end.
    async fn run(&self, context: &Context, argv: &[String], env: &[(&str, &str)]) -> Result<Printed, Miss> {
        let About {
            name, title, absent, ..
        } = self.about;
        loop {
            let effect = Effect::Run {
                argv: argv.to_vec(),
                env: env.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect(),
                timeout: self.timeout,
            };
            return match context.perform(effect, self.timeout).await {
                Outcome::Ran {
                    status,
                    stdout,
                    stderr,
                } => {
                    let printed = Printed {
                        status,
                        stdout,
                        stderr,
                    };
                    if status != Some(0) && printed.is_absent(&argv[0]) {
                        return Err(not_installed(absent));
                    }
                    Ok(printed)
                }
                Outcome::Failed(fault) => match fault.kind {
                    FaultKind::Interrupted => continue,
                    FaultKind::NotFound => Err(not_installed(absent)),
                    FaultKind::Timeout => Err(Miss::unavailable(format!(
                        "{name}: {title} did not answer within {} s (option process_timeout).",
                        Seconds(self.timeout)
                    ))
                    .diagnose(Verdict::ToolFailed)),
                    _ => Err(
                        Miss::unavailable(format!("{name}: {title} could not be run: {fault}."))
                            .diagnose(Verdict::ToolFailed),
                    ),
                },
                other => Err(Miss::refused(mismatched(&other))),
            };
        }
    }

    /// The token that a tool printed.
    fn grant(
        &self,
        context: &Context,
        read: Result<TokenGrant, Malformed>,
        profile: Option<Profile>,
    ) -> Result<Grant, Miss> {
        let About { name, title, .. } = self.about;
        let grant = read.map_err(|why| {
            Miss::refused(malformed(name, title, &why.0))
                .advise("Run it by hand to see what it prints, and update it if it is old.")
        })?;
        Ok(Grant {
            profile,
            ..AccessToken::from_grant(grant, *name, context.now()).into()
        })
    }

    /// The tool is there, and nobody is signed in.
    fn signed_out(&self, text: &str) -> Miss {
        Miss::unavailable(text)
            .advise(self.about.sign_in)
            .diagnose(Verdict::ToolSignedOut)
    }

    /// The tool's "no", in its own words.
    fn refused(&self, printed: &Printed, text: &str) -> Miss {
        let About {
            name, title, sign_in, ..
        } = self.about;
        let mut said = clean(text);
        if said.is_empty() {
            said = match printed.status {
                Some(status) => format!("it ended with status {status} and said nothing"),
                None => "it was killed".into(),
            };
        }
        let code = aadsts_codes(text).first().copied();
        let error = Error::new(
            ErrorKind::AuthenticationFailed,
            format!("{name}: {title} failed: {said}"),
        );
        Miss::refused(error.with(|d| {
            d.source = Some((*name).into());
            d.code = code.map(|code| format!("AADSTS{code}"));
            let known = code.and_then(aadsts);
            d.advice = code.map(|_| known.map_or(*sign_in, |(_, advice)| advice).to_owned());
            d.help = Some(known.map_or(Verdict::ToolFailed, |(verdict, _)| verdict));
        }))
    }

    /// The tool cannot answer a claims challenge by itself; its user can, by the `command`.
    fn claims_challenge(&self, command: &str) -> Miss {
        let text = format!("{} cannot answer a claims challenge.", self.about.name);
        Miss::unavailable(text)
            .advise(command)
            .diagnose(Verdict::SignInNeeded)
    }
}

fn not_installed(text: &str) -> Miss {
    Miss::unavailable(text).diagnose(Verdict::ToolNotInstalled)
}

/// Claims as tools take them.
fn coded_claims(claims: &str) -> String {
    base64::encode(claims.as_bytes())
}

/// ` name value`, if there is a value: a part of a command that people are told to run.
fn argument(name: &str, value: Option<&str>) -> String {
    value.map_or(String::new(), |value| format!(" {name} {value}"))
}

/// Joins the parts of a path below the folder that `variable` names, else below `folder` in the user's own.
fn in_home(config: &Config, variable: Option<&str>, folder: &str, file: &str) -> Option<String> {
    let (home, separator) = match config.options.host.platform {
        Platform::Windows => ("USERPROFILE", '\\'),
        Platform::Linux | Platform::Macos => ("HOME", '/'),
        Platform::Other => return None,
    };
    let set = |name: &str| config.environment.get(name);
    let folder = match (variable.and_then(set), set(home)) {
        (Some(own), _) => own.trim_end_matches(['/', '\\']).to_owned(),
        (None, home) => format!("{}{separator}{folder}", home?.trim_end_matches(['/', '\\'])),
    };
    Some(format!("{folder}{separator}{file}"))
}
