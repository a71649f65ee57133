//! The credentials and their settings, by the names of the Azure SDKs. `None` in a field means: from the
//! environment, else the default.

use std::time::Duration;

use super::Slot;
use super::fields::{Field, Fields, Record, Wrong, one_of, record, unknown};
use crate::effect::Algorithm;

/// Where tokens come from.
#[derive(Debug)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names are those of the Azure SDKs")]
pub enum CredentialOptions {
    Default(Box<DefaultOptions>),
    Environment(AuthorityOptions),
    ClientSecret {
        application: Application,
        client_secret: Slot,
    },
    ClientCertificate {
        application: Application,
        certificate: CertificateOptions,
    },
    ClientAssertion {
        application: Application,
        /// Which of the host's functions gives the assertion.
        assertion: u32,
    },
    OnBehalfOf(Box<OnBehalfOfOptions>),
    WorkloadIdentity {
        tenant_id: Option<String>,
        client_id: Option<String>,
        token_file_path: Option<String>,
        /// Exchange the token at the cluster's own proxy, if the environment names one (AKS identity binding).
        enable_azure_proxy: bool,
        authority: AuthorityOptions,
    },
    AzurePipelines {
        application: Application,
        service_connection_id: String,
        system_access_token: Slot,
    },
    /// The token that GitHub Actions gives a job with the permission `id-token: write`.
    GitHubActions {
        tenant_id: Option<String>,
        client_id: Option<String>,
        audience: Option<String>,
        authority: AuthorityOptions,
    },
    ManagedIdentity {
        client_id: Option<String>,
        object_id: Option<String>,
        resource_id: Option<String>,
    },
    AzureCli {
        tool: ToolOptions,
        subscription: Option<String>,
    },
    AzureDeveloperCli(ToolOptions),
    AzurePowerShell(ToolOptions),
    VisualStudio(ToolOptions),
    DeviceCode {
        person: PersonOptions,
        /// Which of the host's functions tells the person where to sign in; absent: the host's own way.
        prompt: Option<u32>,
    },
    InteractiveBrowser {
        person: PersonOptions,
        /// Port of the loopback listener, as registered for the application; absent: any.
        redirect_port: Option<u16>,
        login_hint: Option<String>,
    },
    AuthorizationCode {
        application: Application,
        authorization_code: Slot,
        redirect_uri: String,
        client_secret: Option<Slot>,
    },
    UsernamePassword {
        person: PersonOptions,
        username: String,
        password: Slot,
    },
    Chained {
        sources: Vec<CredentialOptions>,
    },
    /// One that the features leave out, by its name. What was set for it is not read.
    LeftOut(&'static str),
    /// A credential object of another SDK, which the host holds under a number.
    Host {
        handle: u32,
        /// Its class name, for messages.
        name: String,
    },
}

impl Default for CredentialOptions {
    fn default() -> Self {
        Self::Default(Box::default())
    }
}

impl CredentialOptions {
    /// The application or managed identity that the user named by its client id.
    #[cfg(feature = "doctor")]
    pub(crate) fn client_id(&self) -> Option<&str> {
        match self {
            Self::ClientSecret { application, .. }
            | Self::ClientCertificate { application, .. }
            | Self::ClientAssertion { application, .. }
            | Self::AzurePipelines { application, .. }
            | Self::AuthorizationCode { application, .. } => Some(&application.client_id),
            Self::OnBehalfOf(options) => Some(&options.application.client_id),
            Self::WorkloadIdentity { client_id, .. }
            | Self::GitHubActions { client_id, .. }
            | Self::ManagedIdentity { client_id, .. } => client_id.as_deref(),
            Self::DeviceCode { person, .. }
            | Self::InteractiveBrowser { person, .. }
            | Self::UsernamePassword { person, .. } => person.client_id.as_deref(),
            _ => None,
        }
    }

    const NAMES: [&str; 20] = [
        "DefaultAzureCredential",
        "EnvironmentCredential",
        "ClientSecretCredential",
        "ClientCertificateCredential",
        "ClientAssertionCredential",
        "OnBehalfOfCredential",
        "WorkloadIdentityCredential",
        "AzurePipelinesCredential",
        "GitHubActionsCredential",
        "ManagedIdentityCredential",
        "AzureCliCredential",
        "AzureDeveloperCliCredential",
        "AzurePowerShellCredential",
        "VisualStudioCredential",
        "DeviceCodeCredential",
        "InteractiveBrowserCredential",
        "AuthorizationCodeCredential",
        "UsernamePasswordCredential",
        "ChainedTokenCredential",
        "HostCredential",
    ];
}

impl CredentialOptions {
    /// Those that are part of a host, or of a person in front of it: what the feature `local` brings.
    const LOCAL: [&str; 9] = [
        "AzurePipelinesCredential",
        "GitHubActionsCredential",
        "ManagedIdentityCredential",
        "AzureCliCredential",
        "AzureDeveloperCliCredential",
        "AzurePowerShellCredential",
        "VisualStudioCredential",
        "DeviceCodeCredential",
        "InteractiveBrowserCredential",
    ];

    /// The name, if the features leave such a credential out.
    pub(crate) fn left_out(name: &str) -> Option<&'static str> {
        let mut local = Self::LOCAL.into_iter().filter(|_| !cfg!(feature = "local"));
        local.find(|local| *local == name)
    }
}

impl Record for CredentialOptions {
    fn of(fields: &mut Fields<'_>) -> Self {
        let name: String = fields.required("type");
        if let Some(name) = Self::left_out(&name) {
            fields.pass_over();
            return Self::LeftOut(name);
        }
        match &*name {
            "DefaultAzureCredential" => Self::Default(Box::new(Record::of(fields))),
            "EnvironmentCredential" => Self::Environment(Record::of(fields)),
            "ClientSecretCredential" => Self::ClientSecret {
                application: Record::of(fields),
                client_secret: fields.required("client_secret"),
            },
            "ClientCertificateCredential" => Self::ClientCertificate {
                application: Record::of(fields),
                certificate: Record::of(fields),
            },
            "ClientAssertionCredential" => Self::ClientAssertion {
                application: Record::of(fields),
                assertion: fields.required("assertion"),
            },
            "OnBehalfOfCredential" => Self::OnBehalfOf(Box::new(Record::of(fields))),
            "WorkloadIdentityCredential" => Self::WorkloadIdentity {
                tenant_id: fields.or_default("tenant_id"),
                client_id: fields.or_default("client_id"),
                token_file_path: fields.or_default("token_file_path"),
                enable_azure_proxy: fields.or_default("enable_azure_proxy"),
                authority: fields.or_default("authority"),
            },
            "AzurePipelinesCredential" => Self::AzurePipelines {
                application: Record::of(fields),
                service_connection_id: fields.required("service_connection_id"),
                system_access_token: fields.required("system_access_token"),
            },
            "GitHubActionsCredential" => Self::GitHubActions {
                tenant_id: fields.or_default("tenant_id"),
                client_id: fields.or_default("client_id"),
                audience: fields.or_default("audience"),
                authority: fields.or_default("authority"),
            },
            "ManagedIdentityCredential" => Self::ManagedIdentity {
                client_id: fields.or_default("client_id"),
                object_id: fields.or_default("object_id"),
                resource_id: fields.or_default("resource_id"),
            },
            "AzureCliCredential" => Self::AzureCli {
                tool: Record::of(fields),
                subscription: fields.or_default("subscription"),
            },
            "AzureDeveloperCliCredential" => Self::AzureDeveloperCli(Record::of(fields)),
            "AzurePowerShellCredential" => Self::AzurePowerShell(Record::of(fields)),
            "VisualStudioCredential" => Self::VisualStudio(Record::of(fields)),
            "DeviceCodeCredential" => Self::DeviceCode {
                person: Record::of(fields),
                prompt: fields.or_default("prompt"),
            },
            "InteractiveBrowserCredential" => Self::InteractiveBrowser {
                person: Record::of(fields),
                redirect_port: fields.or_default("redirect_port"),
                login_hint: fields.or_default("login_hint"),
            },
            "AuthorizationCodeCredential" => Self::AuthorizationCode {
                application: Record::of(fields),
                authorization_code: fields.required("authorization_code"),
                redirect_uri: fields.required("redirect_uri"),
                client_secret: fields.or_default("client_secret"),
            },
            "UsernamePasswordCredential" => Self::UsernamePassword {
                person: Record::of(fields),
                username: fields.required("username"),
                password: fields.required("password"),
            },
            "ChainedTokenCredential" => Self::Chained {
                sources: fields.required("sources"),
            },
            "HostCredential" => Self::Host {
                handle: fields.required("handle"),
                name: fields.required("name"),
            },
            _ => {
                fields.refuse(unknown(&name, &Self::NAMES));
                Self::default()
            }
        }
    }
}

/// An application that proves itself, in its tenant.
#[derive(Debug)]
#[allow(missing_docs, reason = "the names are those of the Azure SDKs")]
pub struct Application {
    pub tenant_id: String,
    pub client_id: String,
    pub authority: AuthorityOptions,
}

impl Record for Application {
    fn of(fields: &mut Fields<'_>) -> Self {
        Self {
            tenant_id: fields.required("tenant_id"),
            client_id: fields.required("client_id"),
            authority: fields.or_default("authority"),
        }
    }
}

/// A person who signs in.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "the names are those of the Azure SDKs")]
pub struct PersonOptions {
    /// Absent: the person's own (`organizations`).
    pub tenant_id: Option<String>,
    /// Absent: the client id that the Azure developer tools share.
    pub client_id: Option<String>,
    /// How long to wait for the person.
    pub timeout: Option<Duration>,
    /// Ask the person only when the program says so, by a token request with `authenticate`.
    pub disable_automatic_authentication: bool,
    pub authority: AuthorityOptions,
}

/// A certificate with its RSA key, as a file or as text.
#[derive(Debug, Default)]
pub struct CertificateOptions {
    /// Path of a PEM file (certificate, chain, and the key unless `key_path` names it) or of a PKCS #12 file.
    pub certificate_path: Option<String>,
    /// Path of a PEM file with the key.
    pub key_path: Option<String>,
    /// In place of a path: PEM text, or PKCS #12 as bytes or in base64.
    pub certificate: Option<Slot>,
    /// What the key or the PKCS #12 file is encrypted with.
    pub password: Option<Slot>,
    /// In place of a key: which of the host's functions signs.
    pub signing_key: Option<u32>,
    /// Send the whole chain (`x5c`), for applications that trust a subject name and issuer.
    pub send_certificate_chain: bool,
    /// Absent: PS256, and RS256 for AD FS.
    pub algorithm: Option<Algorithm>,
}

/// The application's own proof (one of the first three), and the token of the user on whose behalf it acts.
#[derive(Debug)]
#[allow(missing_docs, reason = "the names are those of the Azure SDKs")]
pub struct OnBehalfOfOptions {
    pub application: Application,
    pub client_secret: Option<Slot>,
    pub certificate: CertificateOptions,
    /// Which of the host's functions gives a client assertion.
    pub assertion: Option<u32>,
    pub user_assertion: Slot,
}

impl Record for OnBehalfOfOptions {
    fn of(fields: &mut Fields<'_>) -> Self {
        Self {
            application: Record::of(fields),
            client_secret: fields.or_default("client_secret"),
            certificate: Record::of(fields),
            assertion: fields.or_default("assertion"),
            user_assertion: fields.required("user_assertion"),
        }
    }
}

/// A tool on a developer's machine that knows an account.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "the names are those of the Azure SDKs")]
pub struct ToolOptions {
    pub tenant_id: Option<String>,
    /// What the command may take.
    pub process_timeout: Option<Duration>,
    pub additionally_allowed_tenants: Vec<String>,
}

/// Options of `DefaultAzureCredential`.
#[derive(Debug, Default)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names are those of the Azure SDKs")]
pub struct DefaultOptions {
    pub exclude_environment_credential: Option<bool>,
    pub exclude_workload_identity_credential: Option<bool>,
    pub exclude_managed_identity_credential: Option<bool>,
    pub exclude_visual_studio_credential: Option<bool>,
    pub exclude_cli_credential: Option<bool>,
    pub exclude_powershell_credential: Option<bool>,
    pub exclude_developer_cli_credential: Option<bool>,
    /// Absent: excluded, unless `AZURE_TOKEN_CREDENTIALS` names it.
    pub exclude_interactive_browser_credential: Option<bool>,
    /// Absent: `AZURE_CLIENT_ID`. Null: the system-assigned identity.
    pub managed_identity_client_id: Option<Option<String>>,
    /// Absent: `AZURE_CLIENT_ID`.
    pub workload_identity_client_id: Option<String>,
    pub workload_identity_tenant_id: Option<String>,
    pub interactive_browser_client_id: Option<String>,
    pub interactive_browser_tenant_id: Option<String>,
    pub visual_studio_tenant_id: Option<String>,
    pub process_timeout: Option<Duration>,
    /// Refuse to start unless `AZURE_TOKEN_CREDENTIALS` is set.
    pub require_envvar: bool,
    pub authority: AuthorityOptions,
}

/// Where Microsoft Entra ID is, and which tenants may be asked.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct AuthorityOptions {
    /// Host or https URL. Absent: `AZURE_AUTHORITY_HOST`, else the public cloud.
    pub authority: Option<String>,
    /// Tenants besides the configured one for which tokens may be asked; `*` for all.
    pub additionally_allowed_tenants: Vec<String>,
}

record! {
    PersonOptions { tenant_id, client_id, timeout, disable_automatic_authentication, authority }
    CertificateOptions {
        certificate_path, key_path, certificate, password, signing_key, send_certificate_chain, algorithm,
    }
    ToolOptions { tenant_id, process_timeout, additionally_allowed_tenants }
    DefaultOptions {
        exclude_environment_credential, exclude_workload_identity_credential, exclude_managed_identity_credential,
        exclude_visual_studio_credential, exclude_cli_credential, exclude_powershell_credential,
        exclude_developer_cli_credential, exclude_interactive_browser_credential,
        managed_identity_client_id, workload_identity_client_id, workload_identity_tenant_id,
        interactive_browser_client_id, interactive_browser_tenant_id, visual_studio_tenant_id,
        process_timeout, require_envvar, authority,
    }
    AuthorityOptions { authority, additionally_allowed_tenants }
}

impl Field for Algorithm {
    fn read(raw: &str, path: &str) -> Result<Self, Wrong> {
        let names = [Self::Ps256, Self::Rs256].map(|algorithm| (algorithm.name(), algorithm));
        one_of(&names, raw, path)
    }
}
