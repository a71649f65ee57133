//! What tells, without asking it, whether this host has a source of identity.

/// Whether a source exists on this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// It does: be patient with it.
    Positive,
    /// It does not, for this reason: skip it.
    Negative(String),
    /// Nothing is known: a short probe decides.
    Unknown,
}

/// Where Linux shows the tag that a machine's maker gave its chassis.
pub const CHASSIS_TAG_FILE: &str = "/sys/class/dmi/id/chassis_asset_tag";

/// The tag of Azure's virtual machines, known from cloud-init's Azure data source.
const AZURE_CHASSIS_TAG: &str = "7783-7084-3265-9085-8269-3286-77";

/// Reads the chassis tag: Azure's own is positive, another maker's is negative.
pub fn from_chassis_tag(content: &str) -> Evidence {
    match content.trim() {
        AZURE_CHASSIS_TAG => Evidence::Positive,
        "" => Evidence::Unknown,
        _ => Evidence::Negative(
            "this machine is not an Azure virtual machine (its chassis asset tag is another maker's)".into(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_decides() {
        assert_eq!(
            from_chassis_tag("7783-7084-3265-9085-8269-3286-77\n"),
            Evidence::Positive
        );
        assert!(matches!(from_chassis_tag("No Asset Tag"), Evidence::Negative(_)));
        assert_eq!(from_chassis_tag("\n"), Evidence::Unknown);
    }
}
