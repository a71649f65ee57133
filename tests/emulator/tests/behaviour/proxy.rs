//! Names, certificates, and what the proxy refuses.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Azure, CONTOSO, DB_PASSWORD, TENANT, connect, trusting};

#[tokio::test]
async fn a_tunnel_carries_the_name_that_was_asked_for() {
    let azure = Azure::default().await;
    let authorization = azure.vault_authorization().await;
    let answer = azure.read(&authorization).await;
    assert_eq!(answer.json()["value"], "s3cr3t");
    for authority in ["login.microsoftonline.com", "login.windows.net"] {
        let path = format!("/{TENANT}/v2.0/.well-known/openid-configuration");
        assert_eq!(azure.https("GET", authority, &path, &[], "").await.status, 200);
    }
}

#[tokio::test]
async fn nobody_trusts_it_who_was_not_told_to() {
    let azure = Azure::default().await;
    let failure = azure.tunnel(CONTOSO, &trusting(&[])).await.expect_err("no trust");
    assert!(failure.to_string().contains("UnknownIssuer"), "{failure}");
}

#[tokio::test]
async fn other_hosts_and_ports_are_refused_clearly() {
    let azure = Azure::default().await;
    for target in [
        "example.com:443",
        "missing.vault.azure.net:443",
        "contoso.vault.azure.cn:443",
        "contoso.vault.azure.net:80",
    ] {
        let (_stream, head) = connect(azure.emulator.http_addr, target)
            .await
            .expect("an answer");
        assert!(head.starts_with("HTTP/1.1 502 "), "{head}");
        assert!(head.contains(&format!("{target} is not emulated")), "{head}");
    }
}

#[tokio::test]
async fn plain_http_is_not_proxied() {
    let azure = Azure::default().await;
    let mut stream = TcpStream::connect(azure.emulator.http_addr)
        .await
        .expect("a connection");
    let request = "GET http://169.254.169.254/metadata/identity/oauth2/token HTTP/1.1\r\nHost: 169.254.169.254\r\n\
                   Connection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("an answer");
    assert!(
        text.starts_with("HTTP/1.1 502 ") && text.contains("only takes CONNECT"),
        "{text}"
    );
}

#[tokio::test]
async fn local_names_verify_with_their_port() {
    let azure = Azure::default().await;
    let port = azure.emulator.https_addr.port();
    let host = format!("contoso.vault.localhost:{port}");
    let resource = format!("https://vault.localhost:{port}");
    let answer = azure.direct(&host, DB_PASSWORD, &[]).await;
    let expected =
        format!("Bearer authorization=\"https://localhost:{port}/{TENANT}\", resource=\"{resource}\"");
    assert_eq!(answer.header("www-authenticate"), Some(expected.as_str()));
    let authorization = format!("Bearer {}", azure.imds_token(&resource).await);
    let secret = azure
        .direct(&host, DB_PASSWORD, &[("Authorization", &authorization)])
        .await
        .json();
    assert_eq!(secret["value"], "s3cr3t");
    assert!(
        secret["id"]
            .as_str()
            .expect("an id")
            .starts_with(&format!("https://{host}/secrets/db-password/"))
    );
}

#[tokio::test]
async fn an_address_means_the_first_vault_and_entra_by_path() {
    let azure = Azure::default().await;
    let host = format!("127.0.0.1:{}", azure.emulator.https_addr.port());
    let authorization = azure.vault_authorization().await;
    let secret = azure
        .direct(&host, DB_PASSWORD, &[("Authorization", &authorization)])
        .await;
    assert_eq!(secret.json()["value"], "s3cr3t");
    let path = format!("/{TENANT}/v2.0/.well-known/openid-configuration");
    let document = azure.direct(&host, &path, &[]).await.json();
    assert_eq!(
        document["token_endpoint"],
        format!("https://{host}/{TENANT}/oauth2/v2.0/token")
    );
}

#[tokio::test]
async fn real_names_work_without_the_proxy_too() {
    let azure = Azure::default().await;
    let authorization = azure.vault_authorization().await;
    let secret = azure
        .direct(CONTOSO, DB_PASSWORD, &[("Authorization", &authorization)])
        .await
        .json();
    assert_eq!(secret["value"], "s3cr3t");
    assert_eq!(
        azure
            .direct("missing.vault.azure.net", DB_PASSWORD, &[])
            .await
            .status,
        404
    );
}
