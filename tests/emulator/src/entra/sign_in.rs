//! What Entra ID remembers of people's sign-ins: codes that wait for their client, and refresh tokens.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::error::EntraError;
use crate::clock;
use crate::config::{Outcome, SignIn};

/// A user's word that an application may act for them.
#[derive(Clone)]
pub(super) struct Grant {
    /// The user's object id.
    pub(super) user: String,
    pub(super) client_id: String,
    /// What for, unless a request for tokens says it anew.
    pub(super) scope: String,
}

/// An authorization code's other half.
#[derive(Clone)]
pub(super) struct Code {
    pub(super) grant: Grant,
    pub(super) redirect_uri: String,
    pub(super) challenge: Option<String>,
    pub(super) nonce: Option<String>,
}

/// A device that waits for its user.
struct Device {
    client_id: String,
    scope: String,
    asked: u32,
    expires: u64,
}

/// The sign-ins, and how the next ones will go.
pub(crate) struct SignIns {
    settings: Mutex<SignIn>,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// Empty once redeemed.
    codes: HashMap<String, Option<Code>>,
    devices: HashMap<String, Device>,
    refresh_tokens: HashMap<String, RefreshToken>,
}

struct RefreshToken {
    grant: Grant,
    revoked: bool,
}

impl SignIns {
    pub(crate) fn new(settings: SignIn) -> SignIns {
        SignIns {
            settings: Mutex::new(settings),
            memory: Mutex::default(),
        }
    }

    pub(crate) fn set(&self, settings: SignIn) {
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// Revokes every refresh token made so far.
    pub(crate) fn revoke_all(&self) {
        for token in self.memory().refresh_tokens.values_mut() {
            token.revoked = true;
        }
    }

    pub(super) fn settings(&self) -> SignIn {
        self.settings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn add_code(&self, code: Code) -> String {
        let name = secret();
        self.memory().codes.insert(name.clone(), Some(code));
        name
    }

    /// Redeems a code, which serves once.
    pub(super) fn redeem(&self, code: &str) -> Result<Code, EntraError> {
        let found = self.memory().codes.get_mut(code).map(Option::take);
        let code = found
            .ok_or_else(EntraError::unknown_code)?
            .ok_or_else(EntraError::code_redeemed)?;
        match self.settings().outcome {
            Outcome::Expired => Err(EntraError::code_expired()),
            Outcome::Granted | Outcome::Declined => Ok(code),
        }
    }

    pub(super) fn add_device(&self, client_id: &str, scope: &str, lifetime: u64) -> String {
        let name = secret();
        let device = Device {
            client_id: client_id.into(),
            scope: scope.into(),
            asked: 0,
            expires: clock::now() + lifetime,
        };
        self.memory().devices.insert(name.clone(), device);
        name
    }

    /// Asks whether a device's user has signed in, and gives the scope they signed in for; each question counts.
    pub(super) fn poll(&self, code: &str, client_id: &str) -> Result<String, EntraError> {
        let settings = self.settings();
        let mut memory = self.memory();
        let device = memory.devices.get_mut(code);
        let device = device
            .filter(|device| device.client_id.eq_ignore_ascii_case(client_id))
            .ok_or_else(EntraError::unknown_device_code)?;
        device.asked += 1;
        if clock::now() >= device.expires {
            return Err(EntraError::device_code_expired());
        }
        let pending = settings.device.pending.unwrap_or(u32::MAX);
        if device.asked <= pending {
            return Err(EntraError::authorization_pending());
        }
        if device.asked - pending <= settings.device.slow_down {
            return Err(EntraError::slow_down());
        }
        match settings.outcome {
            Outcome::Declined => Err(EntraError::authorization_declined()),
            Outcome::Expired => Err(EntraError::device_code_expired()),
            Outcome::Granted => {
                let scope = device.scope.clone();
                memory.devices.remove(code);
                Ok(scope)
            }
        }
    }

    pub(super) fn add_refresh_token(&self, grant: Grant) -> String {
        let name = secret();
        let token = RefreshToken {
            grant,
            revoked: false,
        };
        self.memory().refresh_tokens.insert(name.clone(), token);
        name
    }

    pub(super) fn refresh(&self, token: &str, client_id: &str) -> Result<Grant, EntraError> {
        let single_use = self.settings().single_use_refresh_tokens;
        let mut memory = self.memory();
        let found = memory.refresh_tokens.get(token);
        let found = found
            .filter(|found| found.grant.client_id.eq_ignore_ascii_case(client_id))
            .ok_or_else(EntraError::unknown_refresh_token)?;
        if found.revoked {
            return Err(EntraError::grant_revoked());
        }
        let grant = found.grant.clone();
        if single_use {
            memory.refresh_tokens.remove(token);
        }
        Ok(grant)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn secret() -> String {
    format!("0.{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}
