/* Every setter of a credential, and the callbacks that credentials ask: what reaches Microsoft Entra ID, and what a callback is
 * told. */
#include "check.h"

#define TENANT "11111111-1111-4111-8111-111111111111"
#define APP "44444444-4444-4444-8444-444444444444"

/* A world in which Entra ID gives a token to whoever asks, and remembers the form. */
typedef struct entra {
    world vault;
    char form[4096]; /* of the last request for a token */
    char url[512];
    int signatures, assertions, prompts, browses;
    uint64_t handle;       /* what the last callback was told */
    char algorithm[16];
    size_t message_len, digest_len;
    int fail; /* whether callbacks put nothing in */
} entra;

static void entra_http(void *context, const nightlatch_effect *effect, nightlatch_outcome *outcome)
{
    entra *e = (entra *)context;
    const char *url = nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_URL, NULL);
    const char *answer = "{\"access_token\":\"" TOKEN_VALUE "\",\"expires_in\":3600,\"token_type\":\"Bearer\"}";
    if (strstr(url, "vault.azure.net/") != NULL && strstr(url, "/secrets/") != NULL) {
        world_http(&e->vault, effect, outcome);
        return;
    }
    if (strstr(url, "/devicecode") != NULL)
        answer = "{\"device_code\":\"dev\",\"user_code\":\"ABCD\",\"verification_uri\":\"https://microsoft.com/devicelogin\","
                 "\"expires_in\":900,\"interval\":0,\"message\":\"Open the page and type ABCD\"}";
    else if (strstr(url, "oidctoken") != NULL)
        answer = "{\"oidcToken\":\"minted\"}";
    else if (strstr(url, "/token") != NULL && nightlatch_effect_body(effect, NULL)[0] == '\0')
        answer = "{\"value\":\"minted\"}";
    snprintf(e->url, sizeof e->url, "%s", url);
    snprintf(e->form, sizeof e->form, "%s", nightlatch_effect_body(effect, NULL));
    CHECK(nightlatch_outcome_http(outcome, 200) == OK && nightlatch_outcome_add_body(outcome, answer, strlen(answer)) == OK);
}

static void told(entra *e, const nightlatch_effect *effect)
{
    const char *algorithm = nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_ALGORITHM, NULL);
    e->handle = 4711;
    (void)nightlatch_effect_number(effect, NIGHTLATCH_EFFECT_HANDLE, &e->handle);
    snprintf(e->algorithm, sizeof e->algorithm, "%s", algorithm != NULL ? algorithm : "");
    (void)nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_MESSAGE, &e->message_len);
    (void)nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_DIGEST, &e->digest_len);
}

static void entra_sign(void *context, const nightlatch_effect *effect, nightlatch_outcome *outcome)
{
    entra *e = (entra *)context;
    CHECK(nightlatch_effect_kind_of(effect) == NIGHTLATCH_EFFECT_SIGN);
    e->signatures++;
    told(e, effect);
    if (!e->fail)
        CHECK(nightlatch_outcome_signature(outcome, "\0\1\2\3", 4) == OK);
}

static void entra_assertion(void *context, const nightlatch_effect *effect, nightlatch_outcome *outcome)
{
    entra *e = (entra *)context;
    CHECK(nightlatch_effect_kind_of(effect) == NIGHTLATCH_EFFECT_ASSERTION);
    e->assertions++;
    told(e, effect);
    if (!e->fail)
        CHECK(nightlatch_outcome_assertion(outcome, T("the.users.assertion")) == OK);
}

static void entra_prompt(void *context, const nightlatch_effect *effect, nightlatch_outcome *outcome)
{
    entra *e = (entra *)context;
    uint64_t end = 0;
    CHECK(nightlatch_effect_kind_of(effect) == NIGHTLATCH_EFFECT_PROMPT);
    CHECK(strcmp(nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_USER_CODE, NULL), "ABCD") == 0);
    CHECK(strcmp(nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_VERIFICATION_URI, NULL), "https://microsoft.com/devicelogin") == 0);
    CHECK(nightlatch_effect_number(effect, NIGHTLATCH_EFFECT_EXPIRES_ON, &end) && end > 1700000000);
    e->prompts++;
    told(e, effect);
    if (!e->fail)
        CHECK(nightlatch_outcome_prompted(outcome) == OK);
}

static void entra_browse(void *context, const nightlatch_effect *effect, nightlatch_outcome *outcome)
{
    entra *e = (entra *)context;
    char answer[512];
    uint64_t port = 0;
    CHECK(nightlatch_effect_kind_of(effect) == NIGHTLATCH_EFFECT_BROWSE);
    CHECK(nightlatch_effect_number(effect, NIGHTLATCH_EFFECT_PORT, &port) && port == 8400);
    CHECK(strstr(nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_URL, NULL), "{redirect_uri}") != NULL);
    snprintf(answer, sizeof answer, "code=the-code&state=%s", nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_STATE, NULL));
    e->browses++;
    if (!e->fail)
        CHECK(nightlatch_outcome_returned(outcome, T("http://localhost:8400"), answer, strlen(answer)) == OK);
}

/* A configuration that knows nothing of this machine. */
static nightlatch_config *bare(void)
{
    nightlatch_config *config = nightlatch_config_new();
    CHECK(nightlatch_config_inherit_environment(config, false) == OK);
    return config;
}

/* Gets a secret with the configuration, frees it, and says how the call ended. */
static nightlatch_status read_with(entra *e, nightlatch_config *config)
{
    nightlatch_host host = world_host(&e->vault);
    nightlatch_client *client = NULL;
    nightlatch_vault *vault = NULL;
    nightlatch_secret *secret = NULL;
    nightlatch_error *error = NULL;
    host.context = e;
    host.http = entra_http;
    host.event = NULL, host.release = NULL;
    host.sign = entra_sign, host.assertion = entra_assertion, host.prompt = entra_prompt, host.browse = entra_browse;
    nightlatch_status status = nightlatch_client_new(config, &host, &client, &error);
    nightlatch_config_free(config);
    if (status == OK)
        status = nightlatch_vault_new(client, T(VAULT), &vault, &error);
    if (status == OK)
        status = nightlatch_vault_get_secret(vault, T("db"), NONE, 20000, &secret, &error);
    if (status != OK && error != NULL)
        snprintf(e->form, sizeof e->form, "%s", nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL));
    nightlatch_error_free(error);
    nightlatch_secret_free(secret);
    nightlatch_vault_free(vault);
    nightlatch_client_free(client);
    return status;
}

#define READ(e, config)                                                                                                \
    do {                                                                                                               \
        nightlatch_status ended_ = read_with(e, config);                                                               \
        CHECK(ended_ == OK);                                                                                           \
        if (ended_ != OK)                                                                                              \
            printf("%s\n", (e)->form);                                                                                 \
    } while (0)

static char *contents(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *all = (char *)malloc(1 << 16);
    *len = file != NULL ? fread(all, 1, 1 << 16, file) : 0;
    CHECK(*len > 0);
    if (file != NULL)
        fclose(file);
    return all;
}

/* In the folder that CERTIFICATES names: both.pem (certificate and key), app.pfx (of the password `hunter2`), cert.pem. */
static void certificates(void)
{
    entra e;
    size_t len;
    char *bytes, pem[256], pfx[256], public_pem[256];
    const char *folder = getenv("CERTIFICATES");
    nightlatch_config *config = bare();
    CHECK(folder != NULL);
    snprintf(pem, sizeof pem, "%s/both.pem", folder);
    snprintf(pfx, sizeof pfx, "%s/app.pfx", folder);
    snprintf(public_pem, sizeof public_pem, "%s/cert.pem", folder);
    memset(&e, 0, sizeof e);
    CHECK(nightlatch_config_use_certificate_file(config, T(TENANT), T(APP), T(pem), NONE) == OK);
    READ(&e, config);
    CHECK(strstr(e.form, "client_assertion=ey") != NULL && strstr(e.form, APP) != NULL && e.signatures == 0);

    config = bare();
    CHECK(nightlatch_config_use_certificate_file(config, T(TENANT), T(APP), T(pfx), T("hunter2")) == OK);
    READ(&e, config);
    config = bare();
    CHECK(nightlatch_config_use_certificate_file(config, T(TENANT), T(APP), T(pfx), T("tr0uble")) == OK);
    CHECK(read_with(&e, config) != OK && strstr(e.form, "password") != NULL && strstr(e.form, "tr0uble") == NULL);

    bytes = contents(pfx, &len);
    config = bare();
    CHECK(nightlatch_config_use_certificate(config, T(TENANT), T(APP), bytes, len, T("hunter2")) == OK);
    CHECK(nightlatch_config_set_flag(config, T("credential.send_certificate_chain"), true) == OK);
    CHECK(nightlatch_config_set_text(config, T("credential.algorithm"), T("RS256")) == OK);
    READ(&e, config);
    free(bytes);

    /* A key that only the program reaches */
    bytes = contents(public_pem, &len);
    config = bare();
    CHECK(nightlatch_config_use_signing_key(config, T(TENANT), T(APP), bytes, len, 77) == OK);
    READ(&e, config);
    CHECK(e.signatures == 1 && e.handle == 77 && strcmp(e.algorithm, "PS256") == 0);
    CHECK(e.digest_len == 32 && e.message_len > 100 && strstr(e.form, ".AAECAw&") != NULL);
    config = bare();
    CHECK(nightlatch_config_use_signing_key(config, T(TENANT), T(APP), bytes, len, 77) == OK);
    e.fail = 1;
    CHECK(read_with(&e, config) != OK && strstr(e.form, "the host gave no answer") != NULL);
    free(bytes);
}

static void applications(void)
{
    entra e;
    nightlatch_config *config = bare();
    memset(&e, 0, sizeof e);
    CHECK(nightlatch_config_use_client_secret(config, T(TENANT), T(APP), T("s3cr3t")) == OK);
    READ(&e, config);
    CHECK(strstr(e.form, "client_secret=s3cr3t") != NULL);

    config = bare();
    CHECK(nightlatch_config_use_client_assertion(config, T(TENANT), T(APP), 5) == OK);
    READ(&e, config);
    CHECK(e.assertions == 1 && e.handle == 5 && strstr(e.form, "client_assertion=the.users.assertion") != NULL);

    config = bare();
    CHECK(nightlatch_config_use_on_behalf_of(config, T(TENANT), T(APP), T("the-users-token")) == OK);
    CHECK(nightlatch_config_set_secret(config, T("credential.client_secret"), T("s3cr3t")) == OK);
    READ(&e, config);
    CHECK(strstr(e.form, "assertion=the-users-token") != NULL && strstr(e.form, "requested_token_use=on_behalf_of") != NULL);

    config = bare();
    CHECK(nightlatch_config_use_azure_pipelines(config, T(TENANT), T(APP), T("connection"), T("system")) == OK);
    CHECK(nightlatch_config_set_variable(config, T("SYSTEM_OIDCREQUESTURI"), T("https://dev.azure.com/c/oidctoken")) == OK);
    READ(&e, config);
    CHECK(strstr(e.form, "client_assertion=minted") != NULL);

    config = bare();
    CHECK(nightlatch_config_use_credential(config, T("GitHubActionsCredential")) == OK);
    CHECK(nightlatch_config_set_text(config, T("credential.tenant_id"), T(TENANT)) == OK);
    CHECK(nightlatch_config_set_text(config, T("credential.client_id"), T(APP)) == OK);
    CHECK(nightlatch_config_set_variable(config, T("ACTIONS_ID_TOKEN_REQUEST_URL"),
                                         T("https://pipelines.actions.githubusercontent.com/token?v=2")) == OK);
    CHECK(nightlatch_config_set_variable(config, T("ACTIONS_ID_TOKEN_REQUEST_TOKEN"), T("job")) == OK);
    READ(&e, config);
    CHECK(strstr(e.form, "client_assertion=minted") != NULL);
}

static void people(void)
{
    entra e;
    nightlatch_config *config = bare();
    memset(&e, 0, sizeof e);
    CHECK(nightlatch_config_use_credential(config, T("DeviceCodeCredential")) == OK);
    CHECK(nightlatch_config_set_number(config, T("credential.prompt"), 9) == OK);
    READ(&e, config);
    CHECK(e.prompts == 1 && e.handle == 9 && e.message_len == strlen("Open the page and type ABCD"));
    config = bare();
    CHECK(nightlatch_config_use_credential(config, T("DeviceCodeCredential")) == OK);
    READ(&e, config);
    CHECK(e.prompts == 2 && e.handle == 4711);

    config = bare();
    CHECK(nightlatch_config_use_credential(config, T("InteractiveBrowserCredential")) == OK);
    CHECK(nightlatch_config_set_number(config, T("credential.redirect_port"), 8400) == OK);
    READ(&e, config);
    CHECK(e.browses == 1 && strstr(e.form, "code=the-code") != NULL && strstr(e.form, "code_verifier=") != NULL);

    config = bare();
    CHECK(nightlatch_config_use_authorization_code(config, T(TENANT), T(APP), T("my-code"), T("http://localhost/back")) == OK);
    READ(&e, config);
    CHECK(strstr(e.form, "code=my-code") != NULL);

    config = bare();
    CHECK(nightlatch_config_use_username_password(config, T("ada@contoso.example"), T("hunter2")) == OK);
    CHECK(nightlatch_config_set_text(config, T("credential.client_id"), T(APP)) == OK);
    READ(&e, config);
    CHECK(strstr(e.form, "grant_type=password") != NULL && strstr(e.form, "password=hunter2") != NULL);
}

/* The first source that has a token serves; the settings of each stand below its number. */
static void chains(void)
{
    entra e;
    nightlatch_config *config = bare();
    memset(&e, 0, sizeof e);
    CHECK(nightlatch_config_add_source(config, T("WorkloadIdentityCredential")) == OK);
    CHECK(nightlatch_config_add_source(config, T("ClientAssertionCredential")) == OK);
    CHECK(nightlatch_config_set_text(config, T("credential.sources.1.tenant_id"), T(TENANT)) == OK);
    CHECK(nightlatch_config_set_text(config, T("credential.sources.1.client_id"), T(APP)) == OK);
    CHECK(nightlatch_config_set_number(config, T("credential.sources.1.assertion"), 3) == OK);
    READ(&e, config);
    CHECK(e.assertions == 1 && e.handle == 3);
    /* A file that is not there */
    config = bare();
    CHECK(nightlatch_config_use_workload_identity(config, T(TENANT), T(APP), T("/nowhere/at/all")) == OK);
    CHECK(read_with(&e, config) != OK && strstr(e.form, "/nowhere/at/all") != NULL);
    /* What is left out must be there */
    config = bare();
    CHECK(nightlatch_config_use_client_assertion(config, T(TENANT), NONE, 5) == OK);
    CHECK(read_with(&e, config) == NIGHTLATCH_INVALID_CONFIGURATION && strstr(e.form, "client_id") != NULL);
}

int main(void)
{
    certificates();
    applications();
    people();
    chains();
    return done("credentials");
}
