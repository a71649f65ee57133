//! Limits over sliding windows: a vault's, with one apart for new versions, and each secret's. What is refused does
//! not count.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::config::Limits;

const VAULT_WINDOW: Duration = Duration::from_secs(10);
const SECRET_WINDOW: Duration = Duration::from_secs(1);

pub(super) struct Throttle {
    limits: Limits,
    vault: Window,
    creates: Window,
    secrets: HashMap<String, Window>,
}

/// A refusal, with the wait if the vault is to say it.
pub(super) struct Throttled {
    pub(super) retry_after_s: Option<u64>,
}

impl Throttle {
    pub(super) fn new(limits: Limits) -> Throttle {
        Throttle {
            limits,
            vault: Window::new(VAULT_WINDOW),
            creates: Window::new(VAULT_WINDOW),
            secrets: HashMap::new(),
        }
    }

    /// Counts a request in, or refuses it. Without a limit nothing is counted.
    pub(super) fn admit(
        &mut self,
        secret: Option<&str>,
        creates: bool,
        now: Instant,
    ) -> Result<(), Throttled> {
        let mut windows = Vec::new();
        let (vault, limit) = if creates {
            (&mut self.creates, self.limits.creates_per_10s)
        } else {
            (&mut self.vault, self.limits.vault_per_10s)
        };
        if let Some(limit) = limit {
            windows.push((vault, limit));
        }
        if let (Some(secret), Some(limit)) = (secret, self.limits.secret_per_1s) {
            let secret = self.secrets.entry(secret.to_ascii_lowercase());
            windows.push((secret.or_insert(Window::new(SECRET_WINDOW)), limit));
        }
        if let Some(wait) = windows
            .iter_mut()
            .filter_map(|(window, limit)| window.wait(*limit, now))
            .max()
        {
            let seconds = wait.as_secs_f64().ceil().max(1.0) as u64;
            return Err(Throttled {
                retry_after_s: self.limits.retry_after.then_some(seconds),
            });
        }
        for (window, _) in windows {
            window.admitted.push_back(now);
        }
        Ok(())
    }
}

struct Window {
    length: Duration,
    admitted: VecDeque<Instant>,
}

impl Window {
    fn new(length: Duration) -> Window {
        Window {
            length,
            admitted: VecDeque::new(),
        }
    }

    /// How long until there is room for one more; nothing, if there is room now.
    fn wait(&mut self, limit: u32, now: Instant) -> Option<Duration> {
        while self
            .admitted
            .front()
            .is_some_and(|first| now.duration_since(*first) >= self.length)
        {
            self.admitted.pop_front();
        }
        let excess = self.admitted.len().checked_sub(limit as usize)?;
        let blocking = self.admitted.get(excess);
        Some(blocking.map_or(self.length, |admitted| {
            self.length - now.duration_since(*admitted)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vaults_window_slides_over_ten_seconds() {
        let mut throttle = Throttle::new(Limits {
            vault_per_10s: Some(2),
            retry_after: true,
            ..Limits::default()
        });
        let start = Instant::now();
        let mut at = |millis| {
            let answer = throttle.admit(None, false, start + Duration::from_millis(millis));
            answer.map_err(|throttled| throttled.retry_after_s)
        };
        assert_eq!([at(0), at(4_000)], [Ok(()), Ok(())]);
        assert_eq!(at(4_500), Err(Some(6)), "the first one leaves at 10 s");
        assert_eq!(at(9_999), Err(Some(1)));
        assert_eq!(at(10_000), Ok(()));
        assert_eq!(at(10_001), Err(Some(4)), "the second one leaves at 14 s");
    }
}
