/* Values and fields of documents that are stored encrypted, through the blocking door, with the library's own random numbers. */
#include "check.h"

#define PLAIN "DE02120300000000202051"

/* A vault with an RSA key, whose wrapped keys are the keys themselves. */
typedef struct vault_of_keys {
    int wraps, unwraps;
    const char *version;
} vault_of_keys;

static void keys_http(void *context, const nightlatch_effect *effect, nightlatch_outcome *outcome)
{
    vault_of_keys *keys = (vault_of_keys *)context;
    const char *url = nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_URL, NULL), *path = strstr(url, "/keys/app/");
    char body[512];
    if (strstr(url, "/msi/token") != NULL) {
        snprintf(body, sizeof body, "{\"access_token\":\"%s\",\"expires_on\":\"4102444800\",\"token_type\":\"Bearer\"}", TOKEN_VALUE);
    } else if (strstr(url, "wrapkey") != NULL) {
        const char *value = strstr(nightlatch_effect_body(effect, NULL), "\"value\":\"");
        (*(strstr(url, "/unwrapkey") != NULL ? &keys->unwraps : &keys->wraps))++;
        CHECK(path != NULL && value != NULL);
        snprintf(body, sizeof body, "{\"kid\":\"" VAULT "/keys/app/%.32s\",\"value\":\"%.*s\"}", path + 10, (int)strcspn(value + 9, "\""), value + 9);
    } else {
        snprintf(body, sizeof body,
                 "{\"key\":{\"kid\":\"" VAULT "/keys/app/%s\",\"kty\":\"RSA\",\"key_ops\":[\"wrapKey\",\"unwrapKey\"],\"n\":\"AQAB\",\"e\":\"AQAB\"},"
                 "\"attributes\":{\"enabled\":true,\"created\":1700000000,\"updated\":1700000000}}", keys->version);
    }
    CHECK(nightlatch_outcome_http(outcome, 200) == OK && nightlatch_outcome_add_body(outcome, body, strlen(body)) == OK);
    nightlatch_wipe(body, sizeof body);
}

static nightlatch_encryption with_key(void)
{
    nightlatch_encryption encryption = NIGHTLATCH_ENCRYPTION_INIT;
    encryption.key = "app", encryption.key_len = 3;
    return encryption;
}

static nightlatch_encryption of_field(const char *document, const char *field)
{
    nightlatch_encryption encryption = with_key();
    encryption.document = document, encryption.document_len = strlen(document);
    encryption.field = field, encryption.field_len = strlen(field);
    return encryption;
}

static void values(nightlatch_vault *vault, vault_of_keys *keys)
{
    static const char bytes[] = { 'a', '\0', '\xff', 'b' };
    nightlatch_encryption encryption = with_key();
    nightlatch_value *one = NULL, *two = NULL, *back = NULL;
    size_t len = 0;
    CHECK(nightlatch_vault_encrypt(vault, &encryption, bytes, 4, 0, &one, NULL) == OK);
    CHECK(nightlatch_vault_encrypt(vault, &encryption, bytes, 4, 0, &two, NULL) == OK);
    const char *first = nightlatch_value_data(one, &len);
    CHECK(strlen(first) == len && strncmp(first, "eyJ", 3) == 0 && strcmp(first, nightlatch_value_data(two, NULL)) != 0); /* each has its nonce */
    CHECK(keys->wraps == 1); /* but one data key serves both */
    CHECK(nightlatch_vault_decrypt(vault, &encryption, first, len, 0, &back, NULL) == OK);
    CHECK(memcmp(nightlatch_value_data(back, &len), bytes, 4) == 0 && len == 4 && keys->unwraps <= 1);
    nightlatch_value_free(one), nightlatch_value_free(two), nightlatch_value_free(back), one = NULL;

    /* No more values than it may serve. */
    encryption.data_key_uses = 1;
    int wraps = keys->wraps;
    for (int i = 0; i < 3; i++) {
        CHECK(nightlatch_vault_encrypt(vault, &encryption, T(PLAIN), 0, &one, NULL) == OK);
        nightlatch_value_free(one);
    }
    CHECK(keys->wraps >= wraps + 2);
}

/* A value belongs where it was encrypted for, and every character of it counts. */
static void bound(nightlatch_vault *vault)
{
    nightlatch_encryption here = of_field("customer/42", "/iban"), there = of_field("customer/43", "/iban"), nowhere = with_key();
    nightlatch_value *value = NULL, *back = NULL;
    nightlatch_error *error = NULL;
    size_t len = 0;
    char altered[1024];
    CHECK(nightlatch_vault_encrypt(vault, &here, T(PLAIN), 0, &value, NULL) == OK);
    const char *data = nightlatch_value_data(value, &len);
    CHECK(nightlatch_vault_decrypt(vault, &here, data, len, 0, &back, NULL) == OK && strcmp(nightlatch_value_data(back, NULL), PLAIN) == 0);
    nightlatch_value_free(back), back = NULL;
    CHECK(nightlatch_vault_decrypt(vault, &there, data, len, 0, &back, &error) == NIGHTLATCH_DECRYPTION_FAILED && back == NULL);
    CHECK(strcmp(nightlatch_error_text(error, NIGHTLATCH_ERROR_HELP, NULL), "belongs-elsewhere") == 0);
    CHECK(strstr(nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL), PLAIN) == NULL);
    nightlatch_error_free(error);
    CHECK(nightlatch_vault_decrypt(vault, &nowhere, data, len, 0, &back, NULL) == NIGHTLATCH_DECRYPTION_FAILED && back == NULL);
    CHECK(len < sizeof altered);
    /* From the nonce on: of what stands before, some would ask the vault for another key. */
    for (size_t at = (size_t)(strchr(strchr(data, '.') + 1, '.') - data); at < len; at++) {
        memcpy(altered, data, len);
        altered[at] = data[at] == 'A' ? 'Q' : 'A'; /* differ in bits that count, also in a last character */
        CHECK(nightlatch_vault_decrypt(vault, &here, altered, len, 0, &back, NULL) != OK && back == NULL);
    }
    nightlatch_value_free(value);
}

static void documents(nightlatch_vault *vault, vault_of_keys *keys)
{
    static const char *const fields[] = { "/customers/*/iban" };
    static const size_t lens[] = { 17 };
    static const char document[] = "{ \"customers\": [ {\"iban\": \"" PLAIN "\", \"n\": 1.0} ], \"x\":null }";
    nightlatch_encryption encryption = with_key();
    nightlatch_value *encrypted = NULL, *anew = NULL, *back = NULL;
    encryption.form = NIGHTLATCH_FORM_JSON, encryption.document = "customers", encryption.document_len = 9;
    CHECK(nightlatch_vault_encrypt(vault, &encryption, T(document), 0, &encrypted, NULL) == NIGHTLATCH_INVALID_ARGUMENT); /* which fields? */
    encryption.fields = fields, encryption.field_lens = lens, encryption.field_count = 1;
    CHECK(nightlatch_vault_encrypt(vault, &encryption, T(document), 0, &encrypted, NULL) == OK);
    const char *text = nightlatch_value_data(encrypted, NULL);
    CHECK(strstr(text, PLAIN) == NULL && strstr(text, "\", \"n\": 1.0} ], \"x\":null }") != NULL && strncmp(text, "{ \"customers\": [ {\"iban\": \"eyJ", 30) == 0);
    encryption.fields = NULL, encryption.field_count = 0; /* all that are encrypted */
    keys->version = "11111111111111111111111111111111"; /* the key was rotated */
    CHECK(nightlatch_vault_decrypt(vault, &encryption, T(text), 0, &back, NULL) == OK && strcmp(nightlatch_value_data(back, NULL), document) == 0);
    nightlatch_value_free(back);
    CHECK(nightlatch_vault_rewrap(vault, &encryption, T(text), 0, &anew, NULL) == OK && strcmp(nightlatch_value_data(anew, NULL), text) != 0);
    CHECK(nightlatch_vault_decrypt(vault, &encryption, T(nightlatch_value_data(anew, NULL)), 0, &back, NULL) == OK);
    CHECK(strcmp(nightlatch_value_data(back, NULL), document) == 0);
    nightlatch_value_free(encrypted), nightlatch_value_free(anew), nightlatch_value_free(back);
}

/* The other door: random bytes are asked for, and the library has them. */
static void by_effects(void)
{
    nightlatch_outcome *outcome = nightlatch_outcome_new();
    nightlatch_engine *engine = NULL;
    nightlatch_config *config = world_config();
    nightlatch_operation *operation = nightlatch_operation_new(T("encrypt"));
    nightlatch_output *output;
    vault_of_keys keys = { 0, 0, "0123456789abcdef0123456789abcdef" };
    uint64_t number = 0, length = 0;
    int drawn = 0;
    bool finished = false;
    CHECK(nightlatch_engine_new(config, &engine, NULL) == OK);
    CHECK(nightlatch_operation_set_text(operation, T("vault"), T(VAULT)) == OK && nightlatch_operation_set_text(operation, T("name"), T("app")) == OK);
    CHECK(nightlatch_operation_set_value(operation, T(PLAIN)) == OK);
    CHECK(nightlatch_engine_start(engine, operation, 1000, 1700000000000, &number, NULL) == OK);
    while ((output = nightlatch_engine_poll_output(engine)) != NULL) {
        const nightlatch_effect *effect = nightlatch_output_effect(output);
        if (effect != NULL) {
            if (nightlatch_effect_kind_of(effect) == NIGHTLATCH_EFFECT_RANDOM) {
                CHECK(nightlatch_effect_number(effect, NIGHTLATCH_EFFECT_LENGTH, &length) && length > 0);
                CHECK(nightlatch_effect_perform(effect, outcome) == OK);
                drawn++;
            } else {
                keys_http(&keys, effect, outcome);
            }
            CHECK(nightlatch_engine_complete(engine, nightlatch_output_effect_id(output), outcome, 1000, 1700000000000) == OK);
        } else if (nightlatch_output_reply(output) != NULL) {
            const nightlatch_value *value = nightlatch_reply_value(nightlatch_output_reply(output));
            finished = value != NULL && strncmp(nightlatch_value_data(value, NULL), "eyJ", 3) == 0;
        }
        nightlatch_output_free(output);
    }
    CHECK(finished && drawn > 0);
    nightlatch_operation_free(operation), nightlatch_outcome_free(outcome), nightlatch_engine_free(engine), nightlatch_config_free(config);
}

int main(void)
{
    vault_of_keys keys = { 0, 0, "0123456789abcdef0123456789abcdef" };
    nightlatch_host host = NIGHTLATCH_HOST_INIT;
    nightlatch_config *config = world_config();
    nightlatch_client *client = NULL;
    nightlatch_vault *vault = NULL;
    host.context = &keys, host.http = keys_http;
    CHECK(nightlatch_config_set_number(config, T("limits.vault_per_second"), 0) == OK);
    CHECK(nightlatch_client_new(config, &host, &client, NULL) == OK && nightlatch_vault_new(client, T(VAULT), &vault, NULL) == OK);
    values(vault, &keys);
    bound(vault);
    documents(vault, &keys);
    by_effects();
    nightlatch_vault_free(vault), nightlatch_client_free(client), nightlatch_config_free(config);
    return done("encryption");
}
