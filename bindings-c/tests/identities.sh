# A secret by the identities that a host may have, through libcurl, real sockets, files and programs, as it is and under the tools.
# Part of test.sh, which has `check`, `each`, `prints`, `admin` and `need`, an installed prefix, and an empty folder that is the current one.

need softhsm2-util softhsm2
need pkcs11-tool opensc
need perl:JSON::PP perl
pkg-config --exists p11-kit-1 || need p11-kit/pkcs11.h libp11-kit-dev
module=$(ls /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so 2>/dev/null | head -1)

# A key that is made in the module and never leaves it, with a certificate that somebody else signed.
export SOFTHSM2_CONF=$work/softhsm.conf PKCS11_PIN=1234
echo "directories.tokendir = $work/tokens" >"$SOFTHSM2_CONF"
mkdir "$work/tokens"
hardware_key() {
    local tool="pkcs11-tool --module $module --token-label nightlatch --pin 1234"
    softhsm2-util --init-token --free --label nightlatch --so-pin 5678 --pin 1234 &&
        $tool --keypairgen --key-type rsa:2048 --label app --id 01 &&
        $tool --read-object --type pubkey --label app -o "$work/hsm.der" &&
        openssl rsa -pubin -inform DER -in "$work/hsm.der" -out "$work/hsm.pub" &&
        openssl req -new -key "$CERTIFICATES/key.pem" -subj /CN=hardware -out "$work/hsm.csr" &&
        openssl x509 -req -in "$work/hsm.csr" -force_pubkey "$work/hsm.pub" -CA "$CERTIFICATES/cert.pem" -CAkey "$CERTIFICATES/key.pem" \
            -CAcreateserial -days 30 -out "$work/hsm.pem"
}
hardware_key >"$work/hsm.log" 2>&1 || { cat "$work/hsm.log"; exit 1; }

app=44444444-4444-4444-8444-444444444444 tenant=11111111-1111-4111-8111-111111111111
json_text() { awk '{ printf "%s\\n", $0 }' "$1"; }
empty_vault() { # where everything is allowed, and takes a moment
    echo "{\"name\": \"$1\", \"soft_delete\": {\"delete\": {\"polls\": 1}, \"recover\": {\"polls\": 1}, \"purge\": {\"polls\": 1}}, \"limits\": {\"secret_per_1s\": null},
           \"access\": [{\"principal\": \"55555555-5555-4555-8555-555555555555\", \"secrets\": [\"get\", \"list\", \"set\", \"delete\", \"recover\", \"purge\", \"backup\", \"restore\"]}]},"
}
cat >"$work/identities.json" <<JSON
{"app_registrations": [{"client_id": "$app", "object_id": "55555555-5555-4555-8555-555555555555", "secrets": ["app-secret"],
                        "certificates": ["$(json_text "$CERTIFICATES/cert.pem")", "$(json_text "$work/hsm.pem")"],
                        "federated": [{"issuer": "https://oidc.emulator.example/", "subject": "a job"},
                                      {"issuer": "https://vstoken.dev.azure.com/88888888-8888-4888-8888-888888888888", "subject": "sc://contoso/shop/azure"},
                                      {"issuer": "https://token.actions.githubusercontent.com", "subject": "repo:contoso/shop:ref:refs/heads/main"}]}],
 "users": [{"name": "ada@contoso.example", "object_id": "66666666-6666-4666-8666-666666666666", "password": "emulator-password"}],
 "vaults": [$(for name in {operations,wrapper,shelf,foreign}-{plain,asan,valgrind}; do empty_vault $name; done)
            {"name": "contoso", "secrets": {"db-password": "correct horse battery staple"},
             "access": [{"principal": "33333333-3333-4333-8333-333333333333", "secrets": ["get"]},
                        {"principal": "66666666-6666-4666-8666-666666666666", "secrets": ["get"]},
                        {"principal": "55555555-5555-4555-8555-555555555555", "secrets": ["get"]}]}]}
JSON
"$CARGO_TARGET_DIR/debug/nightlatch-emulator" --config "$work/identities.json" --ca "$work/identities.pem" >"$work/identities.ready" &
identities=$!
for _ in $(seq 100); do grep -q '}' "$work/identities.ready" && break; sleep 0.1; done
ready() { perl -MJSON::PP -e 'my $at = decode_json(<STDIN>); $at = $at->{$_} for @ARGV; print $at' "$@" <"$work/identities.ready"; }
http=$(ready http)
export HTTPS_PROXY=$http SSL_CERT_FILE=$work/identities.pem

built identity "cc -std=c99" "$here/tests/c/identity.c" || exit 1
application_is="t:tenant_id=$tenant t:client_id=$app"

# --- Managed identities, through every program that is linked another way
arc="env IDENTITY_ENDPOINT=$http/arc/metadata/identity/oauth2/token IMDS_ENDPOINT=$http"
fabric="env IDENTITY_ENDPOINT=$(ready service_fabric url) IDENTITY_HEADER=emulator-identity-header"
thumbprint=$(ready service_fabric thumbprint)
# The agent's own folder, for as long as the test runs; what a real agent has there is not touched.
tokens=/var/opt/azcmagent/tokens
[ ! -e /var/opt/azcmagent ] && mkdir -p $tokens || { echo "this machine has an Azure Arc agent: its folder cannot be lent to the emulator"; exit 1; }
trap 'rm -rf /var/opt/azcmagent; kill "$emulator" "$identities" 2>/dev/null; rm -rf "$work"' EXIT
admin PUT arc "{\"token_folder\": \"$tokens\"}"
for program in c_shared c_static; do
    check "$program through Azure Arc" prints "$secret" $arc ./$program $vault db-password
    check "$program through Service Fabric" prints "$secret" $fabric IDENTITY_SERVER_THUMBPRINT=$thumbprint ./$program $vault db-password
done
each "Azure Arc" prints "$secret" $arc %/identity $vault db-password ManagedIdentityCredential
refused() { # refused CHALLENGE FOLDER: the agent names a file that is not its own to name, and it is not read
    admin PUT arc "{\"token_folder\": \"$tokens\", \"challenge\": \"$1\"}" && admin DELETE log || return 1
    seen "ManagedIdentityCredential" $arc "$2/identity" $vault db-password ManagedIdentityCredential || return 1
    [ "$(admin GET log | grep -o '"service":"arc"' | wc -l)" = 1 ]
}
for challenge in outside_folder traversal symlink too_large wrong_extension; do each "a hostile Arc agent: $challenge" refused $challenge %; done
# A server with another certificate gets nothing: not a header of the request.
wrong_pin() {
    local wrong=${thumbprint/#?/0}
    [ "$wrong" != "$thumbprint" ] || wrong=${thumbprint/#?/1}
    admin DELETE log
    seen TLS $fabric IDENTITY_SERVER_THUMBPRINT=$wrong "$1/identity" $vault db-password ManagedIdentityCredential && [[ $(admin GET log) == *'"requests":[]'* ]]
}
each "a wrong thumbprint is a TLS error, and nothing is sent" wrong_pin %
each "Service Fabric" prints "$secret" $fabric IDENTITY_SERVER_THUMBPRINT=$thumbprint %/identity $vault db-password ManagedIdentityCredential

# --- Certificates
with="$vault db-password"
certificate="$with ClientCertificateCredential $application_is"
each "a PFX with a password" prints "$secret" %/identity $certificate "t:certificate_path=$CERTIFICATES/app.pfx" s:password=hunter2
each "a PFX in memory" prints "$secret" %/identity $certificate "s:certificate=@$CERTIFICATES/app.pfx" s:password=hunter2
each "a PFX by the environment" prints "$secret" env AZURE_TENANT_ID=$tenant AZURE_CLIENT_ID=$app AZURE_CLIENT_CERTIFICATE_PATH="$CERTIFICATES/app.pfx" AZURE_CLIENT_CERTIFICATE_PASSWORD=hunter2 %/get_secret $with
each "PEM, RS256, with its chain" prints "$secret" %/identity $certificate "t:certificate_path=$CERTIFICATES/both.pem" t:algorithm=RS256 f:send_certificate_chain=true
each "another's certificate is refused" seen AADSTS %/identity $with ClientCertificateCredential t:tenant_id=$tenant t:client_id=22222222-2222-4222-8222-222222222222 "t:certificate_path=$CERTIFICATES/both.pem"
open_key() { # a key file that others may read: it serves, and an event says so
    local told closed
    cp "$CERTIFICATES/both.pem" open.pem && chmod 644 open.pem || return 1
    told=$("$1/identity" $certificate t:certificate_path="$PWD/open.pem" 2>&1) || return 1
    closed=$("$1/identity" $certificate "t:certificate_path=$CERTIFICATES/both.pem" 2>&1) || return 1
    [[ $told == *key_file_shared* && $closed != *key_file_shared* ]]
}
each "an open key file is told of" open_key %
check "example pkcs11 builds" built pkcs11 "cc -std=c99" "$here/examples/pkcs11.c" $(pkg-config --cflags p11-kit-1) -ldl
hardware="env AZURE_TENANT_ID=$tenant AZURE_CLIENT_ID=$app"
each "a key in SoftHSM signs" prints "$secret" $hardware %/pkcs11 $with "$module" nightlatch app "$work/hsm.pem"
each "a key that is not the certificate's is refused" seen AADSTS $hardware %/pkcs11 $with "$module" nightlatch app "$CERTIFICATES/cert.pem"

# --- Federation, tools, people
federated() { admin POST federated-token '{"subject": "a job"}' | sed 's/.*"token":"\([^"]*\)".*/\1/' >federated && prints "$secret" "$@"; }
workload="$with WorkloadIdentityCredential $application_is t:token_file_path=$PWD/federated"
each "workload identity" federated %/identity $workload
proxy() {
    AZURE_KUBERNETES_TOKEN_PROXY=$(ready token_proxy url) AZURE_KUBERNETES_SNI_NAME=$(ready token_proxy server_name) AZURE_KUBERNETES_CA_DATA=$1 \
        "$2/identity" $workload f:enable_azure_proxy=true
}
each "a cluster's token proxy: its own authority, under its own name" federated proxy "$(ready token_proxy ca_pem)" %
each "a token proxy of another authority is refused" seen certificate proxy "$(cat "$CERTIFICATES/cert.pem")" %
each "Azure Pipelines" prints "$secret" env SYSTEM_OIDCREQUESTURI=https://dev.azure.com/contoso/oidctoken %/identity $with AzurePipelinesCredential $application_is t:service_connection_id=77777777-7777-4777-8777-777777777777 s:system_access_token=emulator-system-access-token
each "GitHub Actions" prints "$secret" env "ACTIONS_ID_TOKEN_REQUEST_URL=https://pipelines.actions.githubusercontent.com/token?api-version=2.0" ACTIONS_ID_TOKEN_REQUEST_TOKEN=emulator-request-token %/identity $with GitHubActionsCredential $application_is
tools="env PATH=$here/../tests/emulator/tools:$PATH HOME=$work NIGHTLATCH_TOOL_EMULATOR=$http NIGHTLATCH_TOOL_LOG=$work/tool NIGHTLATCH_TOOL_PRINCIPAL=ada@contoso.example"
for name in AzureCliCredential AzureDeveloperCliCredential AzurePowerShellCredential; do each "$name" prints "$secret" $tools %/identity $with $name; done
planted() { # programs of the tools' names in the working directory, and a PATH that leads there
    local name
    mkdir -p planted || return 1
    for name in az azd pwsh; do
        printf '#!/bin/sh\ntouch %s/was-run\n' "$PWD" >planted/$name && chmod +x planted/$name || return 1
    done
    for name in AzureCliCredential AzureDeveloperCliCredential AzurePowerShellCredential; do
        (cd planted && PATH=.::/bin seen CREDENTIAL_UNAVAILABLE "../$1/identity" $with $name) || return 1
    done
    [ ! -e was-run ]
}
each "programs in the working directory are not run (CVE-2023-36414)" planted %
device() { "$1/identity" $with DeviceCodeCredential t:tenant_id=$tenant 2>told && grep -q "^To sign in\|code" told; }
each "a device code, told by a line" prints "$secret" device %
each "name and password" prints "$secret" %/identity $with UsernamePasswordCredential t:tenant_id=$tenant t:username=ada@contoso.example s:password=emulator-password
each "no browser is opened unless the program can" seen "not supported by this host" %/identity $with InteractiveBrowserCredential t:tenant_id=$tenant

# --- The Secrets API: every operation, each time in a vault that is still empty
application_secret="env AZURE_TENANT_ID=$tenant AZURE_CLIENT_ID=$app AZURE_CLIENT_SECRET=app-secret"
check "operations.c builds" built operations "cc -std=c99" "$here/tests/c/operations.c"
check "operations.cpp builds" built wrapper "g++ -std=c++11" "$here/tests/c/operations.cpp"
check "example secrets builds" built secrets "cc -std=c99" "$here/examples/secrets.c"
each "every operation" $application_secret %/operations https://operations-%.vault.azure.net
each "every operation by the wrapper" $application_secret %/wrapper https://wrapper-%.vault.azure.net
check "foreign/operations.c builds" built foreign "cc -std=c99" "$here/tests/foreign/operations.c"
foreign() { diff <(VAULT_URL=https://foreign-$1.vault.azure.net $application_secret "$1/foreign") "$here/../tests/foreign/transcript.txt"; }
each "the steps of every language" foreign %
example_secrets() {
    local at="$application_secret $1/secrets https://shelf-$1.vault.azure.net"
    echo "s3cr3t" | $at set one && echo "s3cr3t" | $at set two && [ "$($at list | sort | tr '\n' ' ')" = "one two " ] &&
        prints "s3cr3t" $application_secret plain/get_secret "https://shelf-$1.vault.azure.net" one &&
        prints "deleted one" $at delete one && prints two $at list && seen "was not found" $at delete one
}
each "example secrets: set, list, delete" example_secrets %
