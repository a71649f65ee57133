//! What would be done and what it would cost, without the network.

use crate::error::Error;
use crate::exec::Context;
use crate::report::{Forecast, Requests};

use super::Doctor;
use super::host::host;

/// Requests that a vault takes in a second: 4,000 in 10 s ("Azure Key Vault service limits").
const VAULT_LIMIT: f64 = 400.0;

/// All vaults of a subscription in a region together take five times that.
const SUBSCRIPTION_LIMIT: f64 = 5.0 * VAULT_LIMIT;

impl Doctor {
    /// What reading so many secrets by so many processes costs, and which sources would be asked for a token.
    pub(crate) async fn explain(
        &self,
        context: &Context,
        secrets: u32,
        instances: u32,
    ) -> Result<Forecast, Error> {
        let (sources, on_azure) = self.tokens.prospects(context).await;
        let mut forecast = Forecast {
            host: host(&self.config.environment, None, on_azure),
            sources,
            requests: self.requests(secrets, instances),
            text: String::new(),
        };
        forecast.text = forecast.to_text();
        Ok(forecast)
    }

    fn requests(&self, secrets: u32, instances: u32) -> Requests {
        let cache = &self.config.options.cache;
        // A copy is renewed in the last part of its life, and lives are up to `jitter` shorter.
        let life = cache.ttl.as_secs_f64() * (1.0 - cache.jitter) * (1.0 - cache.soft_window);
        let per_second = match life > 0.0 {
            true => f64::from(secrets) / life,
            // Without a cache every read is a request; the limiter alone bounds them.
            false => f64::from(secrets) * self.config.options.limits.secret_per_second,
        };
        let own = self.config.options.limits.vault_per_second;
        let per_second = if own > 0.0 {
            per_second.min(own)
        } else {
            per_second
        };
        let all = per_second * f64::from(instances);
        let at_start = u64::from(secrets) * u64::from(instances);
        Requests {
            secrets,
            instances,
            per_instance_hour: per_second * 3600.0,
            per_hour: all * 3600.0,
            share_of_vault: all / VAULT_LIMIT,
            share_of_subscription: all / SUBSCRIPTION_LIMIT,
            at_start,
            start_seconds: at_start as f64 / VAULT_LIMIT,
        }
    }
}
