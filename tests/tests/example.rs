//! The smallest host does what its comments say. `cargo test` compiles the example; here it runs.

use std::process::Command;

use nightlatch_tests::source::workspace;

#[test]
fn the_smallest_host_gets_its_secret() {
    let output = Command::new(env!("CARGO"))
        .args([
            "run",
            "--quiet",
            "--offline",
            "--package",
            "nightlatch-core",
            "--example",
            "in_memory",
        ])
        .current_dir(workspace())
        .output()
        .expect("cargo");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(text.lines().last(), Some("db is here, 7 bytes"), "{text}");
    assert!(!text.contains("hunter2") && !text.contains("a-token"), "{text}");
}
