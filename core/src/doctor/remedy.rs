//! The missing step on this very host: a sentence, commands to copy, the way through the portal.
//!
//! Sources: the references of `az` (*az keyvault*, *az role assignment*, *az webapp identity*, *az vm identity*, …), *Azure
//! built-in roles for Key Vault data plane operations*, *Configure network security for Azure Key Vault*, *Azure Key
//! Vault recovery management*.

use super::scene::Scene;
use crate::report::HostKind;
use crate::verdict::Verdict;

/// The id of the role that reads secrets, the only one that a diagnosis can miss.
const ROLE_ID: &str = "4633458b-17de-408a-b874-0445c86b69e6";

/// What is to be done.
#[derive(Default)]
pub(super) struct Remedy {
    /// The step with its names, where it is more than the table's sentence.
    pub(super) step: Option<String>,
    pub(super) commands: Vec<String>,
    pub(super) portal: Option<String>,
}

/// The remedy for `verdict`.
pub(super) fn remedy(verdict: Verdict, scene: &Scene<'_>) -> Remedy {
    use Verdict::*;
    match verdict {
        RoleMissing | RoleInsufficient => assign_role(scene),
        RoleDenied | RoleTooFresh => Remedy {
            commands: vec![list_roles(scene)],
            portal: Some(vault_page(scene, "Access control (IAM) > Role assignments")),
            ..Remedy::default()
        },
        AccessPolicyMissing => allow_by_policy(scene),
        ForbiddenUnexplained => Remedy {
            commands: vec![format!(
                "az keyvault show --name {} --query properties.enableRbacAuthorization --output tsv",
                scene.vault()
            )],
            portal: Some(vault_page(scene, "Access configuration")),
            ..Remedy::default()
        },
        FirewallBlocked => allow_address(scene),
        PrivateEndpointOnly => Remedy {
            commands: vec![
                format!("nslookup {}", scene.subject.vault.host()),
                format!(
                    "az keyvault show --name {} --query properties.privateEndpointConnections",
                    scene.vault()
                ),
            ],
            portal: Some(vault_page(scene, "Networking > Private endpoint connections")),
            ..Remedy::default()
        },
        SecretDeleted => Remedy {
            commands: vec![format!(
                "az keyvault secret recover --vault-name {} --name {}",
                scene.vault(),
                scene.secret()
            )],
            portal: Some(vault_page(scene, "Secrets > Manage deleted secrets")),
            ..Remedy::default()
        },
        SecretNotFound | DeletedSecretNotFound => Remedy {
            commands: ["list", "list-deleted"]
                .map(|list| {
                    let vault = scene.vault();
                    format!("az keyvault secret {list} --vault-name {vault} --query \"[].name\" --output tsv")
                })
                .into(),
            portal: Some(vault_page(scene, "Secrets")),
            ..Remedy::default()
        },
        SecretDisabled => Remedy {
            commands: vec![format!(
                "az keyvault secret set-attributes --vault-name {} --name {} --enabled true",
                scene.vault(),
                scene.secret()
            )],
            portal: Some(vault_page(scene, &format!("Secrets > {}", scene.secret()))),
            ..Remedy::default()
        },
        SecretOutsideItsTime => commands([format!(
            "az keyvault secret set-attributes --vault-name {} --name {} --expires <yyyy-mm-ddThh:mm:ssZ>",
            scene.vault(),
            scene.secret()
        )]),
        TenantWrong => commands([format!(
            "az keyvault show --name {} --query properties.tenantId --output tsv",
            scene.vault()
        )]),
        ClockWrong | TokenExpired | AssertionOutsideItsTime => commands([match scene.on_windows() {
            true => "w32tm /resync".to_owned(),
            false => "sudo timedatectl set-ntp true".to_owned(),
        }]),
        NameNotResolved | Unreachable | TooSlow | TlsNotTrusted if !scene.at_vault => Remedy::default(),
        NameNotResolved => commands([
            format!("nslookup {}", scene.subject.vault.host()),
            "az keyvault list --query \"[].properties.vaultUri\" --output tsv".into(),
        ]),
        VaultAbsent => commands([
            "az keyvault list --query \"[].properties.vaultUri\" --output tsv".into(),
            "az keyvault list-deleted --query \"[].name\" --output tsv".into(),
            format!("az keyvault recover --name {}", scene.vault()),
        ]),
        PrivateZoneMissing => commands([
            "az network private-dns link vnet create --resource-group <resource group of the zone> --zone-name \
             privatelink.vaultcore.azure.net --name <link> --virtual-network <network> --registration-enabled false"
                .into(),
        ]),
        CloudWrong => commands(["az cloud list --query \"[].{name:name,vaults:suffixes.keyvaultDns}\" --output table".into()]),
        Unreachable | TooSlow | NetworkAbsent => {
            let host = scene.subject.vault.host();
            commands([format!("curl --verbose https://{host}/healthstatus")])
        }
        TlsNotTrusted => {
            let host = scene.subject.vault.host();
            commands([format!("openssl s_client -showcerts -connect {host}:443 -servername {host}")])
        }
        VaultThrottled => Remedy {
            portal: Some(vault_page(scene, "Monitoring > Insights")),
            ..Remedy::default()
        },
        _ => super::remedy_identity::remedy(verdict, scene),
    }
}

/// Only commands.
pub(super) fn commands<const N: usize>(commands: [String; N]) -> Remedy {
    Remedy {
        commands: commands.into(),
        ..Remedy::default()
    }
}

/// The command that shows what roles there are, those of groups and of what holds the vault included.
pub(super) fn list_roles(scene: &Scene<'_>) -> String {
    format!(
        "az role assignment list --assignee {} --scope {} --include-inherited --include-groups --output table",
        scene.object(),
        scene.scope()
    )
}

fn assign_role(scene: &Scene<'_>) -> Remedy {
    let (role, object) = (scene.deed.role, scene.object());
    let principal = match scene.kind {
        Some("app") => " --assignee-principal-type ServicePrincipal",
        Some("user") => " --assignee-principal-type User",
        _ => "",
    };
    Remedy {
        step: Some(format!(
            "Assign the role '{role}' ({id}) on the vault to object id {object}. It takes up to ten minutes to work.",
            id = ROLE_ID
        )),
        commands: vec![format!(
            "az role assignment create --role \"{role}\" --assignee-object-id {object}{principal} --scope {}",
            scene.scope()
        )],
        portal: Some(vault_page(
            scene,
            &format!("Access control (IAM) > Add role assignment > {role}"),
        )),
    }
}

fn allow_by_policy(scene: &Scene<'_>) -> Remedy {
    let (permission, object) = (scene.deed.permission, scene.object());
    Remedy {
        step: Some(format!(
            "Allow object id {object} to {permission} secrets in the vault's access policies."
        )),
        commands: vec![
            // The command replaces what was allowed before.
            format!(
                "az keyvault set-policy --name {} --object-id {object} --secret-permissions get list",
                scene.vault()
            ),
        ],
        portal: Some(vault_page(scene, "Access policies > Create")),
    }
}

/// What prints every address that this host may leave by.
fn own_addresses(scene: &Scene<'_>) -> Option<String> {
    let (name, group) = (scene.name(), scene.group());
    match scene.host.kind {
        HostKind::AppService => Some(format!(
            "az webapp show --name {name} --resource-group {group} --query possibleOutboundIpAddresses --output tsv"
        )),
        HostKind::Functions => Some(format!(
            "az functionapp show --name {name} --resource-group {group} --query possibleOutboundIpAddresses --output tsv"
        )),
        HostKind::ContainerApps => Some(format!(
            "az containerapp show --name {name} --resource-group {group} --query properties.outboundIpAddresses --output tsv"
        )),
        _ => None,
    }
}

fn allow_address(scene: &Scene<'_>) -> Remedy {
    let (vault, address) = (scene.vault(), scene.address.unwrap_or("<address>"));
    let own = own_addresses(scene);
    let several = match own {
        Some(_) => {
            " This host leaves by any of several addresses, so that it works at times and not at others: allow all that \
             the second command prints."
        }
        None => "",
    };
    let rule = |address: &str| format!("az keyvault network-rule add --name {vault} --ip-address {address}");
    Remedy {
        step: Some(format!(
            "Allow the address {address} in the vault's firewall, or use a private endpoint.{several}"
        )),
        commands: [rule(address)].into_iter().chain(own).collect(),
        portal: Some(vault_page(scene, "Networking > Firewalls and virtual networks")),
    }
}

fn vault_page(scene: &Scene<'_>, page: &str) -> String {
    format!("Key vaults > {} > {page}", scene.vault())
}
