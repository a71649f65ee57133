//! A token in use.

use std::fmt;
use std::time::Duration;

use super::claims::Claims;
use super::refresh::{Freshness, Refresh};
use crate::error::Identity;
use crate::sensitive::Sensitive;
use crate::time::{Instant, Now, UnixTime};
use crate::wire::token::TokenGrant;

/// No token is kept longer than this, whatever its source said.
const LONGEST_LIFE: Duration = Duration::from_secs(48 * 3600);

/// When both clocks tell a token's end and the wall clock leaves less than this, the wall clock is
/// more likely wrong than the service, which hands out no token so near its end.
const DOUBTFUL: Duration = Duration::from_secs(300);

/// A bearer token with its end, its source and its bearer. Cloning copies pointers.
#[derive(Clone)]
pub struct AccessToken {
    token: Sensitive,
    schedule: Refresh,
    expires_on: UnixTime,
    identity: Identity,
    source: String,
}

impl AccessToken {
    /// Takes a grant into use. `source` is the credential's SDK name.
    ///
    /// From here on the token's life is counted on the monotonic clock, so a wall clock that jumps
    /// changes nothing. If the source told both `expires_in` and `expires_on`, the earlier end counts,
    /// unless the wall clock makes it doubtful; then `expires_in` does. The life is at most 48 hours.
    pub fn from_grant(grant: TokenGrant, source: impl Into<String>, now: Now) -> Self {
        let by_wall = grant.expires_on.map(|end| end.since(now.unix));
        let (life, expires_on) = match (grant.expires_in, by_wall) {
            (Some(life), Some(wall)) if wall > DOUBTFUL => (life.min(wall), grant.expires_on),
            (Some(life), _) => (life, None),
            (None, Some(wall)) => (wall, grant.expires_on),
            (None, None) => (Duration::ZERO, None),
        };
        let life = life.min(LONGEST_LIFE);
        let mut identity = Claims::decode(&grant.access_token).unwrap_or_default().identity();
        identity.client = identity.client.or(grant.client_id);
        Self {
            token: grant.access_token,
            schedule: Refresh::plan(now.instant, life, grant.refresh_in),
            expires_on: expires_on.unwrap_or(now.unix + life),
            identity,
            source: source.into(),
        }
    }

    /// Takes a token of another SDK's credential into use; its dates are by this host's wall clock.
    pub fn from_host(
        token: Sensitive,
        expires_on: UnixTime,
        refresh_on: Option<UnixTime>,
        source: impl Into<String>,
        now: Now,
    ) -> Self {
        let grant = TokenGrant {
            access_token: token,
            expires_on: Some(expires_on),
            refresh_in: refresh_on.map(|at| at.since(now.unix)),
            ..TokenGrant::default()
        };
        Self::from_grant(grant, source, now)
    }

    /// The token itself.
    pub fn token(&self) -> &Sensitive {
        &self.token
    }

    /// The value of an `Authorization` header.
    pub fn authorization(&self) -> Sensitive {
        Sensitive::concat(&[b"Bearer ", self.token.expose()])
    }

    /// Whether it lives long enough for one more request (5 seconds).
    pub fn is_usable(&self, now: Instant) -> bool {
        self.schedule.freshness(now) != Freshness::Expired
    }

    /// The plan of its life; whoever keeps the token keeps and updates a copy of it.
    pub fn schedule(&self) -> Refresh {
        self.schedule
    }

    /// Notes that somebody is renewing it: nobody else need try for a while, whether that succeeds or not.
    pub fn renewal_attempted(&mut self, now: Instant) {
        self.schedule.failed(now);
    }

    /// Its end in civil time: as the source told it, or by the wall clock at arrival.
    pub fn expires_on(&self) -> UnixTime {
        self.expires_on
    }

    /// Whom it stands for.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The credential that brought it, by its SDK name.
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "AccessToken({}, {}, until {})",
            self.source, self.identity, self.expires_on
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Now = Now {
        instant: Instant::from_millis(50_000),
        unix: UnixTime::from_secs(1_793_000_000),
    };

    fn grant(expires_in: Option<u64>, left_by_wall: Option<i64>) -> AccessToken {
        let grant = TokenGrant {
            access_token: Sensitive::from("opaque"),
            expires_in: expires_in.map(Duration::from_secs),
            expires_on: left_by_wall.map(|s| UnixTime::from_secs(NOW.unix.as_secs() + s)),
            client_id: Some("app".into()),
            ..TokenGrant::default()
        };
        AccessToken::from_grant(grant, "TestCredential", NOW)
    }

    #[test]
    fn the_end_is_fixed_on_the_monotonic_clock() {
        for (expires_in, left_by_wall, life) in [
            (Some(3600), None, 3600),
            (None, Some(3600), 3600),
            (Some(86_400), Some(7200), 7200),
            (Some(3600), Some(86_400), 3600),
            (Some(3600), Some(-9999), 3600),
            (Some(3600), Some(200), 3600),
            (None, Some(-1), 0),
            (Some(0), None, 0),
            (Some(u64::MAX), None, 48 * 3600),
            (None, Some(i64::MAX / 4000), 48 * 3600),
        ] {
            let token = grant(expires_in, left_by_wall);
            let lived = token.schedule().expires_at().since(NOW.instant);
            assert_eq!(lived.as_secs(), life, "{expires_in:?} {left_by_wall:?}");
            assert_eq!(token.is_usable(NOW.instant), life > 0);
            assert!(!token.is_usable(NOW.instant + Duration::from_secs(48 * 3600)));
        }
    }

    #[test]
    fn the_civil_end_is_the_sources_own_when_it_is_believed() {
        assert_eq!(
            grant(Some(3600), Some(3598)).expires_on(),
            UnixTime::from_secs(1_793_003_598)
        );
        assert_eq!(
            grant(Some(3600), Some(-60)).expires_on(),
            UnixTime::from_secs(1_793_003_600)
        );
    }

    #[test]
    fn debug_shows_the_bearer_and_no_token() {
        let token = grant(Some(3600), None);
        assert_eq!(
            format!("{token:?}"),
            "AccessToken(TestCredential, client id app, until 2026-10-26T08:33:20Z)"
        );
        assert_eq!(token.authorization().expose(), b"Bearer opaque");
    }
}
