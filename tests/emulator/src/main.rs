//! The emulator as a program: starts, says where it is in one line of JSON, and serves.

use std::fs;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use clap::Parser;
use nightlatch_emulator::{Config, Emulator, Ports};
use serde_json::json;

/// A local Azure: key vaults, Entra ID and the hosts that give an identity, on 127.0.0.1 only.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// What exists in it, as JSON (see the README); without it one tenant, identity, vault and secret
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Port of IMDS and its kin, admin and the CONNECT proxy; 0 picks a free one
    #[arg(long, default_value_t = 0)]
    http_port: u16,
    /// Port of vaults and Entra ID; 0 picks a free one
    #[arg(long, default_value_t = 0)]
    https_port: u16,
    /// Port of Service Fabric; 0 picks a free one
    #[arg(long, default_value_t = 0)]
    service_fabric_port: u16,
    /// Port of the token proxy of AKS; 0 picks a free one
    #[arg(long, default_value_t = 0)]
    token_proxy_port: u16,
    /// What goes wrong: one of the situations in the README, as by `POST /_emulator/situation`
    #[arg(long, value_name = "NAME")]
    situation: Option<String>,
    /// Where to write the CA certificate (PEM); by default a file in the temporary folder
    #[arg(long, value_name = "PATH")]
    ca: Option<PathBuf>,
    /// Stop when standard input ends, so that a test leaves nothing behind
    #[arg(long)]
    stop_with_stdin: bool,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let config = arguments
        .config
        .map_or_else(|| Ok(Config::default()), read_config)?;
    let ports = Ports {
        http: arguments.http_port,
        https: arguments.https_port,
        service_fabric: arguments.service_fabric_port,
        token_proxy: arguments.token_proxy_port,
    };
    let emulator = Emulator::start_on(config, ports).await?;
    if let Some(name) = &arguments.situation {
        emulator
            .set_situation(name)
            .map_err(|flaw| io::Error::new(io::ErrorKind::InvalidInput, flaw))?;
    }
    let ca = arguments.ca.unwrap_or_else(|| {
        std::env::temp_dir().join(format!("nightlatch-emulator-{}.pem", emulator.https_addr.port()))
    });
    fs::write(&ca, &emulator.ca_pem)?;
    announce(&emulator, &ca)?;
    if arguments.stop_with_stdin {
        end_of_stdin().await;
    } else {
        std::future::pending::<()>().await;
    }
    emulator.shutdown();
    Ok(())
}

fn read_config(path: PathBuf) -> io::Result<Config> {
    let text = fs::read_to_string(&path)?;
    serde_json::from_str(&text).map_err(|error| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{}: {error}", path.display()),
        )
    })
}

fn announce(emulator: &Emulator, ca: &std::path::Path) -> io::Result<()> {
    let line = json!({
        "https": emulator.https_url(),
        "http": emulator.http_url(),
        "ca": ca,
        "service_fabric": {
            "url": emulator.service_fabric_url(),
            "thumbprint": emulator.service_fabric_thumbprint,
        },
        "token_proxy": {
            "url": emulator.token_proxy_url(),
            "server_name": emulator.token_proxy_server_name(),
            "ca_pem": emulator.token_proxy_ca_pem,
        },
    });
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

/// Waits in a thread of its own, because a read that is under way would keep the runtime from stopping.
async fn end_of_stdin() {
    let (ended, end) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // An error ends the input as well.
        let _ = io::stdin().lock().read_to_end(&mut Vec::new());
        let _ = ended.send(());
    });
    let _ = end.await;
}
