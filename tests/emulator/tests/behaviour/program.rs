//! The program: its one line, its certificate, its end.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

#[test]
fn it_announces_itself_in_one_line_and_stops_with_its_input() {
    let folder = std::env::temp_dir().join(format!("nightlatch-emulator-test-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let ca = folder.join("ca.pem");
    let mut program = Command::new(env!("CARGO_BIN_EXE_nightlatch-emulator"))
        .args(["--stop-with-stdin", "--ca"])
        .arg(&ca)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a start");
    let mut lines = BufReader::new(program.stdout.take().expect("its output")).lines();
    let line = lines.next().expect("a line").expect("text");
    let ready: Value = serde_json::from_str(&line).expect("JSON");
    assert!(
        ready["http"]
            .as_str()
            .expect("an address")
            .starts_with("http://127.0.0.1:")
    );
    assert!(
        ready["https"]
            .as_str()
            .expect("an address")
            .starts_with("https://127.0.0.1:")
    );
    let service_fabric = &ready["service_fabric"];
    assert!(
        service_fabric["url"]
            .as_str()
            .expect("an address")
            .ends_with("/metadata/identity/oauth2/token")
    );
    assert_eq!(service_fabric["thumbprint"].as_str().map(str::len), Some(40));
    let token_proxy = &ready["token_proxy"];
    assert!(
        token_proxy["url"]
            .as_str()
            .expect("an address")
            .ends_with("/token-proxy")
    );
    assert!(token_proxy["server_name"].is_string());
    assert!(
        token_proxy["ca_pem"]
            .as_str()
            .expect("a certificate")
            .contains("BEGIN CERTIFICATE")
    );
    assert_eq!(ready["ca"], ca.to_str().expect("text"));
    assert!(
        std::fs::read_to_string(&ca)
            .expect("a file")
            .starts_with("-----BEGIN CERTIFICATE-----")
    );
    drop(program.stdin.take());
    assert!(program.wait().expect("an end").success());
    assert!(lines.next().is_none(), "nothing else was printed");
    std::fs::remove_dir_all(folder).expect("a clean end");
}

#[test]
fn a_configuration_with_an_unknown_member_is_refused() {
    let file = std::env::temp_dir().join(format!("nightlatch-emulator-test-{}.json", std::process::id()));
    std::fs::write(&file, "{\"vault\": []}").expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_nightlatch-emulator"))
        .arg("--config")
        .arg(&file)
        .output()
        .expect("an end");
    std::fs::remove_file(file).expect("a clean end");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("unknown field `vault`"));
}
