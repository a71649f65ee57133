//! `AzurePowerShellCredential`: the account that a developer signed in to with `Connect-AzAccount`.

use std::time::Duration;

use crate::base64;
use crate::config::credential::ToolOptions;
use crate::config::{Config, Platform};
use crate::error::Error;
use crate::exec::Context;
use crate::operation::TokenRequest;
use crate::verdict::Verdict;
use crate::wire::token::{parse_powershell_token, resource_of};

use super::super::{Ending, Grant, Miss, single_scope};
use super::{About, Printed, Tool, argument, coded_claims, in_home};

pub(super) const ABOUT: About = About {
    name: "AzurePowerShellCredential",
    title: "Azure PowerShell",
    absent: "PowerShell is not installed, or not on path",
    sign_in: "Sign in again with `Connect-AzAccount`.",
};

/// What the script prints where the module is missing that knows the account.
const NO_MODULE: &str = "NO_AZ_ACCOUNT_MODULE";

pub(crate) struct AzurePowerShell {
    tool: Tool,
    /// Windows has had a PowerShell of its own before there was `pwsh`.
    windows: bool,
}

impl AzurePowerShell {
    pub(super) fn new(config: &Config, options: &ToolOptions) -> Result<Self, Error> {
        let profile = in_home(config, None, ".Azure", "AzureRmContext.json");
        Ok(Self {
            tool: Tool::new(config, &ABOUT, options, Duration::from_secs(10), profile)?,
            windows: config.options.host.platform == Platform::Windows,
        })
    }

    pub(super) async fn token(&self, context: &Context, request: &TokenRequest) -> Result<Grant, Miss> {
        let scope = single_scope(request)?;
        let tenant = self.tool.tenant(request)?;
        if let Some(claims) = &request.claims {
            return Err(self.tool.claims_challenge(&format!(
                "Run `Connect-AzAccount{} -ClaimsChallenge {}` (module Az.Accounts 5.2.0 or newer).",
                argument("-Tenant", tenant),
                coded_claims(claims)
            )));
        }
        let mut argv: Vec<String> = [
            "pwsh",
            "-NoProfile",
            "-NonInteractive",
            "-OutputFormat",
            "Text",
            "-EncodedCommand",
        ]
        .map(Into::into)
        .into();
        argv.push(encoded(&script(resource_of(scope), tenant)));
        let profile = self.tool.profile(context).await;
        let mut printed = self.tool.run(context, &argv, &[]).await;
        let absent = |miss: &Miss| miss.ending == Ending::Unavailable && miss.says(ABOUT.absent);
        if self.windows && printed.as_ref().is_err_and(absent) {
            argv[0] = "powershell".into();
            printed = self.tool.run(context, &argv, &[]).await;
        }
        let printed = printed?;
        if printed.status != Some(0) || printed.says(NO_MODULE) {
            return Err(self.failed(&printed));
        }
        self.tool
            .grant(context, parse_powershell_token(&printed.stdout), profile)
    }

    fn failed(&self, printed: &Printed) -> Miss {
        if printed.says(NO_MODULE) {
            return Miss::unavailable("Az.Accounts module >= 2.2.0 is not installed")
                .advise("Run `Install-Module Az.Accounts`, then `Connect-AzAccount`.")
                .diagnose(Verdict::ToolNotInstalled);
        }
        if printed.says("Run Connect-AzAccount to login") {
            return Miss::unavailable("Please run 'Connect-AzAccount' to set up an account")
                .diagnose(Verdict::ToolSignedOut);
        }
        if printed.says("AuthorizationManager check failed") {
            return Miss::unavailable("PowerShell is not allowed to load the module Az.Accounts")
                .advise("See `Get-ExecutionPolicy -List`, and allow signed scripts (RemoteSigned).")
                .diagnose(Verdict::ToolFailed);
        }
        self.tool.refused(printed, &printed.errors())
    }
}

/// Prints one line of JSON. The module hands the token out as a `SecureString` from 5.0.0 on, and from 2.17.0 on if
/// it is asked to, without which it warns. Both values hold no quote: their characters have been looked at.
fn script(resource: &str, tenant: Option<&str>) -> String {
    let tenant = tenant.map_or(String::new(), |tenant| format!("$ask.TenantId = '{tenant}'\n"));
    format!(
        "$ErrorActionPreference = 'Stop'
$WarningPreference = $ProgressPreference = 'SilentlyContinue'
$module = Import-Module Az.Accounts -MinimumVersion 2.2.0 -PassThru -ErrorAction SilentlyContinue | Select-Object -First 1
if (-not $module) {{ Write-Output '{NO_MODULE}'; exit 1 }}
$ask = @{{ ResourceUrl = '{resource}' }}
{tenant}if ($module.Version -ge [version]'2.17.0' -and $module.Version -lt [version]'5.0.0') {{ $ask.AsSecureString = $true }}
$got = Get-AzAccessToken @ask
$token = $got.Token
if ($token -is [System.Security.SecureString]) {{ $token = [System.Net.NetworkCredential]::new('', $token).Password }}
@{{ Token = $token; ExpiresOn = $got.ExpiresOn.ToUnixTimeSeconds() }} | ConvertTo-Json -Compress
"
    )
}

/// As `-EncodedCommand` takes it: no quote and no blank of the script meets a command line.
fn encoded(script: &str) -> String {
    let bytes: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
    base64::encode(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_names_resource_and_tenant() {
        let text = script("https://vault.azure.net", Some("contoso.com"));
        assert!(
            text.contains("@{ ResourceUrl = 'https://vault.azure.net' }\n$ask.TenantId = 'contoso.com'\n")
        );
        assert!(!script("r", None).contains("TenantId"));
    }

    #[test]
    fn commands_are_coded_in_utf_16() {
        assert_eq!(encoded("dir"), "ZABpAHIA");
    }
}
