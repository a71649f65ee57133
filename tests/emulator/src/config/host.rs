//! How the hosts behave that give a program an identity.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How IMDS behaves.
#[derive(Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Imds {
    /// Whether a managed identity's token is handed out again until a tenth of its life is left, as real hosts do.
    pub caches: bool,
}

impl Default for Imds {
    fn default() -> Imds {
        Imds { caches: true }
    }
}

/// How App Service behaves.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AppService {
    /// How its 2017 version writes `expires_on`.
    pub expires_on_2017: DateText,
}

/// The two systems' spellings of a moment.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateText {
    /// `06/20/2019 02:57:58 +00:00`
    #[default]
    Linux,
    /// `1/16/2020 5:24:12 AM +00:00`
    Windows,
}

/// How Azure Machine Learning behaves.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AzureMl {
    /// How it writes `expires_on`.
    pub expires_on: Expiry,
}

/// The forms of `expires_on` that clients have met.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expiry {
    /// Digits in a string.
    #[default]
    String,
    /// A JSON number.
    Number,
    /// A date as [`DateText::Linux`].
    Linux,
    /// A date as [`DateText::Windows`].
    Windows,
}

/// How the Azure Arc agent behaves.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Arc {
    /// An existing folder in which it writes its challenges. Without one it gives no tokens.
    pub token_folder: Option<PathBuf>,
    /// What it does wrong.
    pub challenge: ArcChallenge,
    /// What it makes of a named identity.
    pub user_assigned: ArcUserAssigned,
}

/// What is wrong with a challenge of the Azure Arc agent. The file always exists and its content is always accepted, so a
/// client that does not look gets a token.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ArcChallenge {
    /// Nothing.
    #[default]
    Good,
    /// The file is beside the token folder.
    OutsideFolder,
    /// The file is beside the token folder, and the path begins with the folder's.
    Traversal,
    /// The file is in a folder below.
    Subfolder,
    /// The file is a symbolic link to one outside.
    Symlink,
    /// The file has 5 KiB.
    TooLarge,
    /// Nobody may read the file (but root).
    Unreadable,
    /// The file does not end in `.key`.
    WrongExtension,
    /// The challenge names no file.
    NoRealm,
    /// There is no challenge: the first answer is a token.
    Absent,
}

/// What the Azure Arc agent makes of a request for a user-assigned identity.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ArcUserAssigned {
    /// It gives that identity's token, and repeats the id under the name that was asked with.
    #[default]
    Echoed,
    /// As older agents: it gives the system-assigned identity's token, and names no id.
    Ignored,
    /// It gives the system-assigned identity's token, and names that identity's own ids.
    Mismatched,
}

/// How Cloud Shell behaves.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CloudShell {
    /// The name of the user who is signed in; by default the first one.
    pub user: Option<String>,
}
