//! What stands for the sources that are part of a host (an endpoint of its platform, a command of a developer, a person in
//! front of it) where there can be no such host: in a Worker or a browser. Nothing of them is compiled in. Asking for one
//! gives a credential that says so when its turn comes, and a chain goes on to the next.
//!
//! A workload identity is none of them: its token is a file for Kubernetes only, elsewhere whatever the program hands over
//! under that name.

use std::borrow::Cow;
use std::time::Duration;

use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::exec::Context;
use crate::operation::TokenRequest;
use crate::token::access_token::AccessToken;

use super::build::left_out;
use super::{Credential, Miss};

/// Modules with one type that has no values, and the calls of the source that it stands for.
macro_rules! absent {
    ($($module:ident $source:ident $name:literal: $($call:ident)+;)+) => {$(
        pub(super) mod $module {
            use super::*;

            pub(crate) enum $source {}

            impl $source {
                $(pub(crate) fn $call<O, M>(_: &Config, _options: O, _more: M) -> Result<Credential, Error> {
                    Ok(left_out($name))
                })+

                pub(crate) fn essence<'a>(&self, _: &'a TokenRequest) -> Cow<'a, TokenRequest> {
                    match *self {}
                }

                pub(crate) async fn token(&self, _: &Context, _: &TokenRequest) -> Result<AccessToken, Miss> {
                    match *self {}
                }
            }
        }
    )+};
}

absent! {
    azure_pipelines AzurePipelines "AzurePipelinesCredential": credential;
    github_actions GitHubActions "GitHubActionsCredential": credential;
    managed_identity ManagedIdentity "ManagedIdentityCredential": of_options of_default_chain;
}

/// The same for how a person signs in.
macro_rules! nobody {
    ($($module:ident $way:ident $name:literal;)+) => {$(
        pub(super) mod $module {
            use super::super::entra::Answer;
            use super::super::user::User;
            use super::*;

            pub(crate) enum $way {}

            impl $way {
                pub(crate) fn credential<O, M>(_: &Config, _options: O, _more: M) -> Result<Credential, Error> {
                    Ok(left_out($name))
                }

                pub(crate) fn patience(&self) -> Duration {
                    match *self {}
                }

                pub(crate) async fn sign_in(&self, _: &User, _: &Context, _: &TokenRequest) -> Result<Answer, Miss> {
                    match *self {}
                }
            }
        }
    )+};
}

nobody! {
    device_code DeviceCode "DeviceCodeCredential";
    interactive_browser InteractiveBrowser "InteractiveBrowserCredential";
}

pub(super) mod developer_tool {
    use super::super::Grant;
    use super::*;

    pub(crate) enum DeveloperTool {}

    impl DeveloperTool {
        pub(crate) fn azure_cli<O, S>(
            _: &Config,
            _options: O,
            _subscription: S,
        ) -> Result<Credential, Error> {
            Ok(left_out("AzureCliCredential"))
        }

        pub(crate) fn azure_developer_cli<O>(_: &Config, _options: O) -> Result<Credential, Error> {
            Ok(left_out("AzureDeveloperCliCredential"))
        }

        pub(crate) fn azure_powershell<O>(_: &Config, _options: O) -> Result<Credential, Error> {
            Ok(left_out("AzurePowerShellCredential"))
        }

        pub(crate) fn visual_studio<O>(_: &Config, _options: O) -> Result<Credential, Error> {
            Ok(left_out("VisualStudioCredential"))
        }

        pub(crate) fn name(&self) -> &'static str {
            match *self {}
        }

        pub(crate) async fn token(&self, _: &Context, _: &TokenRequest) -> Result<Grant, Miss> {
            match *self {}
        }
    }

    #[derive(Clone)]
    pub(crate) enum Profile {}

    impl Profile {
        pub(crate) const RECHECK: Duration = Duration::ZERO;

        pub(crate) async fn has_changed(&self, _: &Context) -> bool {
            match *self {}
        }

        pub(crate) fn is(&self, _: &Self) -> bool {
            match *self {}
        }
    }
}

pub(super) mod token_proxy {
    use crate::effect::Route;

    use super::*;

    /// Stands in a cluster of Kubernetes.
    pub(crate) enum TokenProxy {}

    impl TokenProxy {
        pub(crate) fn of_environment(_: &Config) -> Result<Option<Self>, Error> {
            let text = "The token proxy of a cluster cannot be reached from a Worker or a browser.";
            Err(Error::new(ErrorKind::Unsupported, text).advise("Leave enable_azure_proxy out."))
        }

        pub(crate) fn base(&self) -> &str {
            match *self {}
        }

        pub(crate) async fn route(&self, _: &Context) -> Result<Route, Miss> {
            match *self {}
        }
    }
}
