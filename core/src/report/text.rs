//! The reports for people: plain lines, the same in every language. A line that begins with `ok`, `trouble` or `warning`
//! and a colon says how things stand, so that a terminal can colour it; what can be copied stands behind `$`.

use std::fmt::{self, Display, Write};

use super::{Finding, Forecast, Health, Host, HostKind, Report, Trouble};
use crate::secret::{SecretProperties, VaultUrl};
use crate::time::UnixTime;
use crate::verdict::Verdict;

/// Where the second column begins.
const COLUMN: usize = 11;

struct Page(String);

impl Page {
    fn line(&mut self, text: impl Display) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{text}");
    }

    /// A heading in the first column, lines in the second.
    fn section(&mut self, heading: &str, lines: &[String]) {
        for (at, line) in lines.iter().enumerate() {
            let heading = if at == 0 { heading } else { "" };
            self.line(format_args!("{heading:COLUMN$}{line}"));
        }
    }
}

impl Report {
    /// The whole report.
    pub(crate) fn to_text(&self, now: UnixTime) -> String {
        let mut page = Page(String::new());
        let what = match (&self.name, &self.version) {
            (None, _) => self.vault.clone(),
            (Some(name), None) => format!("{}/secrets/{name}", self.vault),
            (Some(name), Some(version)) => format!("{}/secrets/{name}/{version}", self.vault),
        };
        match (&self.error, &self.verdict) {
            (None, _) => page.line(format_args!("ok: {what} can be read ({} ms).", self.duration_ms)),
            (Some(_), Some(found)) => {
                page.line(format_args!("trouble: {} ({})", found.means, found.code.code()))
            }
            (Some(error), None) => {
                page.line(format_args!("trouble: {} ({})", error.message, error.kind.name()))
            }
        }
        page.line("");
        if let Some(error) = &self.error {
            // A chain's further lines say what stands below as the sources.
            let mut lines: Vec<String> = error.message.lines().take(1).map(str::to_owned).collect();
            lines.extend(error.request_id.iter().map(|id| format!("Request id: {id}")));
            page.section("Seen", &lines);
        }
        if let Some(found) = &self.verdict {
            page.section("To do", &to_do(found));
        }
        for found in &self.candidates {
            let apart = found
                .tell_apart
                .iter()
                .map(|apart| format!("Told apart by {apart}"));
            let head = format!("{} ({})", found.means, found.code.code());
            let lines: Vec<String> = [head]
                .into_iter()
                .chain(apart)
                .chain([found.step.clone()])
                .collect();
            page.section("Or else", &lines);
        }
        page.section("Host", &[host(&self.host)]);
        page.section("Identity", &self.bearer(now));
        let sources: Vec<String> = self.sources.iter().map(ToString::to_string).collect();
        page.section("Sources", &sources);
        page.section("Vault", &self.service());
        if let Some(secret) = &self.secret {
            page.section("Secret", &[properties(secret)]);
        }
        for warning in &self.warnings {
            page.line(format_args!("warning: {} ({})", warning.message, warning.code));
            if let Some(command) = &warning.command {
                page.section("", &[format!("$ {command}")]);
            }
        }
        page.0
    }

    fn bearer(&self, now: UnixTime) -> Vec<String> {
        let Some(bearer) = &self.identity else {
            return vec!["none: no token was got".into()];
        };
        let kind = match bearer.kind.as_deref() {
            Some("app") => "an application or managed identity",
            Some("user") => "a person",
            _ => "of unknown kind",
        };
        let mut lines = vec![
            format!("{kind}, by {}", bearer.source),
            bearer.identity.to_string(),
        ];
        let issued = bearer.issued_on.map(|issued| {
            let age = now.since(issued).as_secs() / 60;
            format!("token issued {age} min ago")
        });
        let ends = bearer.expires_on.map(|end| format!("ends {end}"));
        let times: Vec<String> = issued.into_iter().chain(ends).collect();
        if !times.is_empty() {
            lines.push(times.join(", "));
        }
        lines
    }

    fn service(&self) -> Vec<String> {
        let service = &self.service;
        let facts = [
            service.region.as_ref().map(|region| format!("region {region}")),
            service
                .version
                .as_ref()
                .map(|version| format!("service {version}")),
            service
                .address
                .as_ref()
                .map(|address| format!("saw this host as {address}")),
        ];
        let facts: Vec<String> = facts.into_iter().flatten().collect();
        match facts.is_empty() {
            true => vec![self.vault.clone()],
            false => vec![self.vault.clone(), facts.join(", ")],
        }
    }
}

fn to_do(found: &Finding) -> Vec<String> {
    let commands = found.commands.iter().map(|command| format!("$ {command}"));
    let portal = found.portal.iter().map(|path| format!("Portal: {path}"));
    [found.step.clone()]
        .into_iter()
        .chain(commands)
        .chain(portal)
        .collect()
}

fn host(host: &Host) -> String {
    let name = host
        .name
        .as_ref()
        .map_or_else(String::new, |name| format!(" {name}"));
    let group = host
        .resource_group
        .as_ref()
        .map_or_else(String::new, |group| format!(" in resource group {group}"));
    format!("{}{name}{group} ({})", host.kind, host.evidence.join("; "))
}

fn properties(secret: &SecretProperties) -> String {
    let facts = [
        secret
            .version
            .as_ref()
            .map(|version| format!("version {version}")),
        secret
            .enabled
            .map(|enabled| if enabled { "enabled" } else { "disabled" }.to_owned()),
        secret.updated_on.map(|updated| format!("changed {updated}")),
        secret.expires_on.map(|end| format!("expires {end}")),
    ];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    format!("{}: {}", secret.name, facts.join(", "))
}

impl Display for super::Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} after {} ms",
            self.source, self.ending, self.duration_ms
        )?;
        match &self.reason {
            // What follows the first line is a command's own story, or a nested chain's.
            Some(reason) => {
                let line = reason.lines().next().unwrap_or_default();
                let named = line
                    .strip_prefix(&*self.source)
                    .and_then(|rest| rest.strip_prefix(" authentication unavailable"));
                let line = named.map_or(line, |rest| rest.trim_start_matches([',', '.', ' ']));
                write!(f, ": {line}")
            }
            None => Ok(()),
        }
    }
}

impl Health {
    /// The answer with its text.
    pub(crate) fn of(vault: &VaultUrl, troubles: Vec<Trouble>) -> Self {
        let mut page = Page(String::new());
        if troubles.is_empty() {
            page.line("ok");
        }
        for trouble in &troubles {
            let what = trouble.name.as_deref().unwrap_or(vault.as_str());
            page.line(format_args!("trouble: {what}: {trouble}"));
            if let Some(advice) = &trouble.advice {
                page.line(format_args!("  To do: {advice}"));
            }
        }
        Self {
            ok: troubles.is_empty(),
            transient: !troubles.is_empty() && troubles.iter().all(|trouble| trouble.error.transient),
            text: page.0,
            troubles,
        }
    }
}

impl Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A chain's further lines are one for each source.
        let message = self.error.message.lines().next().unwrap_or_default();
        let word = self.verdict.map_or(self.error.kind.name(), Verdict::code);
        write!(f, "{message} ({word})")
    }
}

impl Forecast {
    /// The whole forecast.
    pub(crate) fn to_text(&self) -> String {
        let mut page = Page(String::new());
        page.section("Host", &[host(&self.host)]);
        let sources = self.sources.iter();
        let sources: Vec<String> = sources
            .map(|source| format!("{}: {}: {}", source.source, source.turn, source.reason))
            .collect();
        page.section("Sources", &sources);
        let cost = &self.requests;
        let percent = |share: f64| format!("{:.2} %", share * 100.0);
        page.section(
            "Requests",
            &[
                format!(
                    "{} secrets in {} processes, read all the time: at most {:.0} requests to the vault in an hour, {:.0} by \
                     each process",
                    cost.secrets, cost.instances, cost.per_hour, cost.per_instance_hour
                ),
                format!(
                    "that is {} of the vault's limit, and {} of the subscription's",
                    percent(cost.share_of_vault),
                    percent(cost.share_of_subscription)
                ),
                format!(
                    "when all start at once: {} requests, which the vault's limit spreads over {:.0} s",
                    cost.at_start, cost.start_seconds
                ),
            ],
        );
        page.0
    }
}

impl Display for HostKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AppService => "App Service",
            Self::Functions => "Azure Functions",
            Self::ContainerApps => "Container App",
            Self::Kubernetes => "Kubernetes pod",
            Self::VirtualMachine => "virtual machine of Azure",
            Self::ScaleSet => "machine of a scale set",
            Self::Arc => "machine of Azure Arc",
            Self::ServiceFabric => "Service Fabric",
            Self::MachineLearning => "Azure Machine Learning",
            Self::CloudShell => "Cloud Shell",
            Self::GithubActions => "job of GitHub Actions",
            Self::AzurePipelines => "job of Azure Pipelines",
            Self::Elsewhere => "a machine outside Azure, as far as can be seen",
        })
    }
}
