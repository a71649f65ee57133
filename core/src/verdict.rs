//! What the trouble is, as one word of a closed list: the code that an [`Error`](crate::error::Error) carries as `help`,
//! and that the doctor's report explains.
//!
//! A verdict is reached where the facts are: by whoever reads the answer of a vault, of a sign-in service, of a host. An
//! error whose facts fit several has none, or the one that says so. The list is printed in `VERDICTS.md`, which a test
//! compares with it; another test holds that each occurs in a scenario.

use serde::{Serialize, Serializer};

/// What each verdict is for people: what was seen, what it means, the one missing step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The answer or fault that it rests on.
    pub seen: &'static str,
    /// What that means.
    pub means: &'static str,
    /// The next step, without names: an error's own advice is filled in.
    pub step: &'static str,
}

// Where a verdict can be reached: everywhere, or only with a feature. Its code is left out elsewhere, since the edge counts
// every byte.
macro_rules! everywhere {
    ($code:literal) => {
        $code
    };
}

macro_rules! with_feature {
    ($($home:ident $name:literal)*) => {$(
        #[cfg(feature = $name)]
        macro_rules! $home { ($code:literal) => { $code }; }
        #[cfg(not(feature = $name))]
        macro_rules! $home { ($code:literal) => { "" }; }
    )*};
}

with_feature! { local "local" manage "manage" doctor "doctor" encryption "encryption" }

macro_rules! verdicts {
    ($($name:ident = $home:ident $code:literal: $seen:literal, $means:literal, $step:literal;)*) => {
        /// What the trouble is. Codes never change meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Verdict { $(#[doc = $means] $name),* }

        impl Verdict {
            /// Every verdict, in the order of the table.
            pub const ALL: &'static [Verdict] = &[$(Verdict::$name),*];

            /// The stable code, such as `role-missing`.
            pub fn code(self) -> &'static str {
                // One text: a table of pointers would not compress.
                const CODES: &str = concat!($($home!($code), " "),*);
                CODES.split(' ').nth(self as usize).unwrap_or_default()
            }

            /// What it is for people.
            pub const fn explanation(self) -> Explanation {
                match self {
                    $(Verdict::$name => Explanation { seen: $seen, means: $means, step: $step }),*
                }
            }
        }
    };
}

verdicts! {
    // Who this host is.
    NoIdentity = everywhere "no-identity":
        "no source of the chain exists here",
        "This host has no identity.",
        "Give it one (a managed or workload identity), or sign in with `az login`.";
    NotConfigured = everywhere "not-configured":
        "variables of a source that are not set",
        "The source does not exist here, or is configured by half.",
        "Set the variables that the message names.";
    IdentityNotAttached = local "identity-not-attached":
        "IMDS 400 \"Identity not found\"; App Service 400 \"No User Assigned or Delegated Managed Identity found\"; Service Fabric 404 ManagedIdentityNotFound",
        "The identity exists perhaps, and may have roles; it is not attached to this host.",
        "Attach it to this host, or correct its id.";
    IdentityAmbiguous = local "identity-ambiguous":
        "IMDS 400 \"Multiple user assigned identities exist\"",
        "Several identities are attached, and none is named.",
        "Name one, by AZURE_CLIENT_ID or an option.";
    IdentityMismatch = everywhere "identity-mismatch":
        "a token whose claims are not those of `expect`; an Arc agent that does not echo the identity asked for",
        "Somebody else's identity answered.",
        "Attach or name the identity that is expected, or change `expect`.";
    MetadataServiceBlocked = local "metadata-service-blocked":
        "on a machine of Azure, something other than IMDS answers on its address",
        "A proxy, firewall or sidecar stands before IMDS.",
        "Let 169.254.169.254 pass it by (NO_PROXY).";
    IdentityEndpointRefused = local "identity-endpoint-refused":
        "another refusal by the platform's identity endpoint",
        "The platform gives no token: its reason is in the message. After 401 and 403, the header is another process's.",
        "Mend what the message says; do not copy the platform's variables elsewhere.";
    IdentityEndpointInvalid = local "identity-endpoint-invalid":
        "IDENTITY_ENDPOINT, MSI_ENDPOINT or a thumbprint that is none",
        "A variable of a platform was set by somebody else.",
        "Remove it: platforms set it where it belongs.";
    ArcKeyForbidden = local "arc-key-forbidden":
        "the key file of the Azure Arc agent may not be read",
        "This program's user is not in the agent's group.",
        "Add the user to the group himds (Windows: Hybrid agent extension applications).";
    ArcAgentDoubtful = local "arc-agent-doubtful":
        "a challenge or key file that the Azure Arc agent does not give",
        "Another program may answer in the agent's place.",
        "See which program listens there, and update the agent.";
    FederatedTokenMissing = everywhere "federated-token-missing":
        "AZURE_FEDERATED_TOKEN_FILE is absent, empty or unreadable",
        "The pod does not mount its projected token.",
        "Label the pod azure.workload.identity/use=true, and annotate its service account.";
    JobTokenRefused = local "job-token-refused":
        "GitHub Actions or Azure Pipelines give the job no token",
        "The job lacks the permission to have one.",
        "GitHub: `permissions: id-token: write`; Azure Pipelines: map System.AccessToken into the step.";
    CertificateUnusable = everywhere "certificate-unusable":
        "a certificate file that is absent, encrypted otherwise, without key, or no certificate",
        "The application cannot prove who it is.",
        "Give a PEM or PFX file with certificate and key, and its password.";
    ToolNotInstalled = local "tool-not-installed":
        "the command is not found",
        "The developer tool is not installed, or not on the PATH.",
        "Install it, or use another credential.";
    ToolSignedOut = local "tool-signed-out":
        "the tool asks for a login",
        "Nobody is signed in to the developer tool.",
        "Sign in: az login, azd auth login, Connect-AzAccount.";
    ToolFailed = local "tool-failed":
        "the tool ended with an error, or not in time",
        "The developer tool could not get a token.",
        "Run the same command by hand, and see what it says.";
    SignInNeeded = everywhere "sign-in-needed":
        "nobody has signed in, and nobody may be asked now",
        "A person has to sign in first.",
        "Call authenticate().";
    TenantNotAllowed = everywhere "tenant-not-allowed":
        "a tenant other than the credential's own was asked for",
        "The credential may not ask other tenants for tokens.",
        "Add the tenant to additionally_allowed_tenants.";

    // What Microsoft Entra ID says.
    TenantInvalid = everywhere "tenant-invalid":
        "a tenant of other characters; AADSTS900023, 90013",
        "The tenant is neither an id nor a domain.",
        "Give the directory (tenant) id.";
    TenantUnknown = everywhere "tenant-unknown":
        "AADSTS90002",
        "There is no such tenant in this cloud.",
        "Check the tenant id, and the cloud's authority host.";
    TenantInAnotherCloud = everywhere "tenant-in-another-cloud":
        "AADSTS90038",
        "The tenant belongs to another cloud.",
        "Set AZURE_AUTHORITY_HOST to that cloud's authority.";
    ApplicationUnknown = everywhere "application-unknown":
        "AADSTS700016, 7000229",
        "The application has no service principal in this tenant.",
        "Check client id and tenant id, or create the service principal.";
    ApplicationDisabled = everywhere "application-disabled":
        "AADSTS7000112",
        "The application is disabled in this tenant.",
        "Enable it under Enterprise applications.";
    ClientSecretInvalid = everywhere "client-secret-invalid":
        "AADSTS7000215",
        "The client secret is wrong; often its id was given.",
        "Give the secret's value.";
    ClientSecretExpired = everywhere "client-secret-expired":
        "AADSTS7000222",
        "The client secret has expired.",
        "Create a new one, or better a federated credential.";
    ClientCredentialMissing = everywhere "client-credential-missing":
        "AADSTS7000216, 7000218, 700025",
        "The application is registered as confidential and shows no credential, or as public and shows one.",
        "Configure the credential, or the registration's public client flows.";
    ResourceUnknown = everywhere "resource-unknown":
        "AADSTS500011, 50001, 70011, 1002012",
        "The scope names nothing in this tenant or cloud.",
        "Use https://vault.azure.net/.default, or the cloud's own.";
    CertificateNotRegistered = everywhere "certificate-not-registered":
        "AADSTS700027, 700030",
        "The application does not know this certificate, or it has expired.",
        "Upload it to the application's registration.";
    AssertionOutsideItsTime = everywhere "assertion-outside-its-time":
        "AADSTS700024",
        "The assertion is too old or from the future: this machine's clock may be wrong.",
        "Set the clock; fetch the federated token just before it is used.";
    AssertionMismatch = everywhere "assertion-mismatch":
        "AADSTS700021, 700023",
        "Issuer, subject or audience of the assertion is another.",
        "Make iss and sub the client id, aud the token endpoint.";
    FederationMissing = everywhere "federation-missing":
        "AADSTS70025, 70021",
        "No federated credential of the application fits the token.",
        "Add one with the token's issuer, subject and audience.";
    FederationIssuer = everywhere "federation-issuer":
        "AADSTS700211",
        "No federated credential has the token's issuer.",
        "Make them equal to the letter, trailing slash included.";
    FederationAudience = everywhere "federation-audience":
        "AADSTS700212",
        "No federated credential has the token's audience.",
        "Usually it is api://AzureADTokenExchange.";
    FederationSubject = everywhere "federation-subject":
        "AADSTS700213",
        "No federated credential has the token's subject.",
        "Copy the subject from the message into the federated credential.";
    PasswordWrong = everywhere "password-wrong":
        "AADSTS50034, 50126",
        "User name or password is wrong.",
        "Check both, and the tenant.";
    SecondFactorNeeded = everywhere "second-factor-needed":
        "AADSTS50076, 50079",
        "The tenant asks this person for a second factor.",
        "Sign in interactively.";
    SignInExpired = everywhere "sign-in-expired":
        "AADSTS50173, 700082, 70008, 70043",
        "The earlier sign-in was revoked or has expired.",
        "Sign in again.";
    DeviceCodeExpired = everywhere "device-code-expired":
        "AADSTS70018, 70019, 70020; nobody signed in",
        "The device code is no longer good.",
        "Start the sign-in again.";
    DeviceCodePending = everywhere "device-code-pending":
        "AADSTS70016",
        "Nobody has entered the device code yet.",
        "Enter it in a browser.";
    NotAssigned = everywhere "not-assigned":
        "AADSTS50105",
        "This person is not assigned to the application.",
        "Assign them under Enterprise applications.";
    ConditionalAccess = everywhere "conditional-access":
        "AADSTS53000, 53001, 53003, 530003",
        "A policy of the tenant blocks this sign-in.",
        "Ask the tenant's administrator; use a managed device or network.";
    ConsentMissing = everywhere "consent-missing":
        "AADSTS65001",
        "Nobody has consented to the application in this tenant.",
        "An administrator must consent.";
    SingleTenant = everywhere "single-tenant":
        "AADSTS50194",
        "The application lives in one tenant only.",
        "Use that tenant's id.";
    SignInLoop = everywhere "sign-in-loop":
        "AADSTS50196",
        "The same token was asked for again and again.",
        "Keep one client for the life of the process.";
    SignInServiceBusy = everywhere "sign-in-service-busy":
        "429 or 5xx of a token endpoint; AADSTS90033, 90055",
        "The sign-in service is busy.",
        "Try again later.";

    // What the vault says.
    AudienceWrong = everywhere "audience-wrong":
        "401 AKV10022",
        "The token is for another service.",
        "Use the scope that the vault asks for.";
    TenantWrong = everywhere "tenant-wrong":
        "401 AKV10032",
        "The token comes from another tenant than the vault's.",
        "Set the tenant id to the vault's.";
    TokenExpired = everywhere "token-expired":
        "401 S2S12086; a token that has ended when it comes",
        "The token has expired: this machine's clock may be wrong.",
        "Set the clock.";
    ClockWrong = doctor "clock-wrong":
        "a refusal for reasons of time; the `Date` of the answer is five minutes or more from this host's clock",
        "This host's clock is wrong.",
        "Set the clock: switch time synchronisation on.";
    TokenSignature = everywhere "token-signature":
        "401 AKV10046, IDX10501",
        "The vault cannot check the token's signature.",
        "Check the cloud, and that nothing alters the token.";
    TokenRefused = everywhere "token-refused":
        "401 of another kind",
        "The vault does not accept the token.",
        "Check the identity's tenant and cloud.";
    ChallengeRejected = everywhere "challenge-rejected":
        "a 401 whose challenge asks for a token of another domain",
        "The server may not be the vault: no token was sent.",
        "Check the vault's URL; allow a private domain by allowed_domains.";
    RoleMissing = everywhere "role-missing":
        "403 ForbiddenByRbac",
        "The identity has no role that allows this, or not for long enough.",
        "Assign the role on the vault, and wait some minutes.";
    RoleTooFresh = doctor "role-too-fresh":
        "403 ForbiddenByRbac; an assignment that is listed, and younger than ten minutes",
        "The role was assigned and is not in force yet.",
        "Wait up to ten minutes, and try again.";
    RoleInsufficient = doctor "role-insufficient":
        "403 ForbiddenByRbac; another role of the identity is listed",
        "The identity's role is for other things: Key Vault Reader sees names only, Contributor and Owner manage the vault and read nothing.",
        "Assign the data role beside it.";
    GroupTooFresh = doctor "group-too-fresh":
        "403; the role or policy belongs to a group, joined after the token was issued",
        "A token knows the groups of the moment when it was issued.",
        "Get a new token: sign in again; a managed identity's may be kept for up to 24 hours.";
    RoleDenied = everywhere "role-denied":
        "403 ForbiddenByRbac with an assignment or a deny assignment",
        "There is an assignment, and its condition or a deny assignment says no.",
        "Look at the condition of the assignment that the message names.";
    AccessPolicyMissing = everywhere "access-policy-missing":
        "403 ForbiddenByPolicy, AccessDenied",
        "The vault uses access policies, and none allows this.",
        "Allow the verb for the identity's object id.";
    FirewallBlocked = everywhere "firewall-blocked":
        "403 ForbiddenByFirewall",
        "The vault's firewall does not know the address from which the request came.",
        "Allow every address this host may leave by, or use a private endpoint.";
    PrivateEndpointOnly = everywhere "private-endpoint-only":
        "403 ForbiddenByConnection",
        "Public access to the vault is off.",
        "Call it through its private endpoint; check that its name resolves to a private address.";
    PurgeProtected = manage "purge-protected":
        "403 \"purge protection is enabled\"",
        "Nobody may purge before the retention has ended.",
        "Wait, or recover the secret.";
    ForbiddenUnexplained = everywhere "forbidden-unexplained":
        "403 without an inner code",
        "A role, an access policy, or something on the way is missing.",
        "See whether the vault uses roles (`enableRbacAuthorization`); then assign.";
    SecretDisabled = everywhere "secret-disabled":
        "403 SecretDisabled",
        "The secret is disabled. This is no matter of permissions.",
        "Enable it, or ask for another version.";
    KeyDisabled = manage "key-disabled":
        "403 KeyDisabled",
        "The key is disabled: it decrypts, unwraps and signs no more. This is no matter of permissions.",
        "Enable it, or use another version.";
    KeyOperationForbidden = manage "key-operation-forbidden":
        "403 KeyOperationForbidden",
        "The key's own list of operations does not hold this one.",
        "Add it to key_ops, or use another key.";
    KeyNotFound = encryption "key-not-found":
        "404 KeyNotFound",
        "Wrong name, wrong vault, deleted, or purged.",
        "Check the name; recover the key if it was deleted.";
    KeyUnfit = encryption "key-unfit":
        "a key that is no RSA key",
        "Data keys are encrypted with RSA-OAEP-256, which only RSA keys do.",
        "Use an RSA key: `az keyvault key create --kty RSA`.";
    KeyOutsideItsTime = encryption "key-outside-its-time":
        "403 for a key whose `exp` is over, or whose `nbf` has not come",
        "The key decrypts what it encrypted, and encrypts no more.",
        "Rotate the key, or change its dates.";
    WrongKey = encryption "wrong-key":
        "an encrypted value whose header names another key, or whose data key the key does not open",
        "The value was encrypted for another key, or its data key was altered.",
        "Decrypt it with the key that it names, or take it from where it is whole.";
    NotAuthentic = encryption "not-authentic":
        "an encrypted value that is no JWE of the known form, or whose tag is not right",
        "The value was altered, cut off, or is none that was encrypted.",
        "Take it from where it is whole.";
    BelongsElsewhere = encryption "belongs-elsewhere":
        "an encrypted value whose header names another document or field",
        "The value is whole, and stands where it was not put: it was moved or copied.",
        "Give the document and field that it was encrypted for, or put it back.";
    SecretOutsideItsTime = everywhere "secret-outside-its-time":
        "`exp` or `nbf` of the secret, with validity \"refuse\"",
        "The secret has expired or is not valid yet.",
        "Set a new version with a valid window.";
    SecretDeleted = doctor "secret-deleted":
        "404, and the name is among the deleted secrets",
        "The secret was deleted and can be recovered until its retention ends.",
        "Recover it.";
    SecretNotFound = everywhere "secret-not-found":
        "404 SecretNotFound",
        "Wrong name, wrong vault, deleted, or purged.",
        "Check the name; recover the secret if it was deleted.";
    DeletedSecretNotFound = manage "deleted-secret-not-found":
        "404 for a deleted secret",
        "It is not among the deleted ones, or not yet.",
        "Check the name, or wait some seconds.";
    NameHeldByDeleted = manage "name-held-by-deleted":
        "409 ObjectIsDeletedButRecoverable",
        "A deleted secret holds the name.",
        "Recover it, or purge it.";
    SecretChanging = everywhere "secret-changing":
        "409 ObjectIsBeingDeleted, ObjectIsBeingRecovered",
        "The secret is being deleted or recovered.",
        "Wait some seconds.";
    SecretChanged = everywhere "secret-changed":
        "409 of another kind; a condition of an update that no longer holds",
        "Somebody else changed it, or holds the name.",
        "Read it again, and decide anew.";
    RotationFailed = manage "rotation-failed":
        "a function of a rotation failed, before a value in use was touched",
        "What was in use is in use still.",
        "Mend what the function ran into, and rotate again.";
    RotationRolledBack = manage "rotation-rolled-back":
        "a function of a rotation failed with the new value",
        "The old value is in use again, as a new version.",
        "Mend what the function ran into, and rotate again.";
    RotationUnfinished = manage "rotation-unfinished":
        "a rotation could neither be finished nor rolled back",
        "The latest version and what is in effect may differ.",
        "Rotate again: the tags of the latest version say where to go on.";
    RequestInvalid = everywhere "request-invalid":
        "400 BadParameter and others",
        "The vault does not understand the request.",
        "Mend what the message names.";
    VaultThrottled = everywhere "vault-throttled":
        "429 of the vault",
        "The vault, or its subscription, gets more requests than it allows; all callers share the limit.",
        "Wait, and keep secrets in memory.";
    OwnLimit = everywhere "own-limit":
        "the limiter's queue is longer than the call may wait",
        "This program asks for more than the client's own limit.",
        "Ask less often; keep secrets in memory.";
    ServiceFailing = everywhere "service-failing":
        "500, 502, 503, 504",
        "The service fails.",
        "Try again later; see https://status.azure.com.";

    // What lies between.
    NameNotResolved = everywhere "name-not-resolved":
        "no address for the host's name",
        "The host does not exist (a vault: wrong name, wrong cloud, deleted), or its name is not known on this network.",
        "Check the name, this network's DNS, and for a private endpoint the zone privatelink.vaultcore.azure.net.";
    VaultAbsent = doctor "vault-absent":
        "no address for the vault's name, while other names have one",
        "There is no vault of that name: it is mistyped, or was deleted.",
        "Check the name; recover the vault if it was deleted.";
    CloudWrong = doctor "cloud-wrong":
        "no address for the vault's name; the domain is another cloud's than the sign-in service's",
        "The vault's domain belongs to another cloud.",
        "Use the domain of the vault's cloud, and its authority.";
    PrivateZoneMissing = doctor "private-zone-missing":
        "no address for the vault's name on this network, while others have one",
        "The private DNS zone of the vault's private endpoint is not linked to this network.",
        "Link the zone privatelink.vaultcore.azure.net to this network.";
    NetworkAbsent = doctor "network-absent":
        "no address for any name",
        "This host has no network, or no DNS.",
        "Check the network, and the DNS server.";
    Unreachable = everywhere "unreachable":
        "no connection",
        "Network, firewall or proxy keep this host from the service.",
        "Check what lies on the way.";
    TooSlow = everywhere "too-slow":
        "no answer in the time allowed",
        "A firewall swallows the packets, or the service is slow.",
        "Check what lies on the way; allow more time.";
    ProxyInTheWay = everywhere "proxy-in-the-way":
        "the proxy fails, or answers 407",
        "The proxy does not let the request through.",
        "Check HTTPS_PROXY, NO_PROXY, and the proxy's login.";
    TlsNotTrusted = everywhere "tls-not-trusted":
        "the certificate of the other side is not trusted",
        "A proxy may inspect TLS here, or a CA certificate is missing.",
        "Add the CA certificate that signed it to the trusted ones.";
    ForeignAnswer = everywhere "foreign-answer":
        "an answer that the service does not give",
        "Something else answers in its place: a proxy, a captive portal, another program.",
        "Check the URL, and what lies on the way.";
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
