//! The program: its one line, its certificate, its end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
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

#[test]
fn it_starts_in_a_situation() {
    let ca = std::env::temp_dir().join(format!(
        "nightlatch-emulator-situation-{}.pem",
        std::process::id()
    ));
    let mut program = Command::new(env!("CARGO_BIN_EXE_nightlatch-emulator"))
        .args(["--stop-with-stdin", "--situation", "secret-disabled", "--ca"])
        .arg(&ca)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a start");
    let mut lines = BufReader::new(program.stdout.take().expect("its output")).lines();
    let ready: Value = serde_json::from_str(&lines.next().expect("a line").expect("text")).expect("JSON");
    let address = ready["http"]
        .as_str()
        .expect("an address")
        .strip_prefix("http://");
    let mut stream = TcpStream::connect(address.expect("http")).expect("a connection");
    stream
        .write_all(b"GET /_emulator/situation HTTP/1.1\r\nHost: emulator\r\nConnection: close\r\n\r\n")
        .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.contains("\"situation\":\"secret-disabled\"}"), "{answer}");
    drop(program.stdin.take());
    assert!(program.wait().expect("an end").success());
    std::fs::remove_file(ca).expect("a clean end");
}

#[test]
fn an_unknown_situation_is_refused_with_the_known_ones() {
    let output = Command::new(env!("CARGO_BIN_EXE_nightlatch-emulator"))
        .args(["--stop-with-stdin", "--situation", "role-lost"])
        .stdin(Stdio::null())
        .output()
        .expect("an end");
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        told.contains("no situation role-lost") && told.contains("role-missing, "),
        "{told}"
    );
    assert!(output.stdout.is_empty(), "it never was ready");
}
