/*
 * After everything is freed, no byte of the process holds a secret that was read, set or made by a rotation, a backup, the token or
 * the client secret, or a text that was resolved, encrypted or decrypted; and the doctor keeps none while it lives.
 */
#include "scan.h"

/* The values are put together at run time, so that the program's own text does not hold them. */
static char value[40], token[40], credential[40], written[40], backup[40];

static void spell(char *into, char base)
{
    for (int i = 0; i < 32; i++)
        into[i] = (char)(base + (i * 7 + (base % 5)) % 23);
}

static void answer(void *context, const nightlatch_effect *effect, nightlatch_outcome *outcome)
{
    char body[256];
    const char *url = nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_URL, NULL);
    (void)context;
    if (strstr(url, "oauth2") != NULL)
        snprintf(body, sizeof body, "{\"access_token\":\"%s\",\"expires_in\":3599,\"token_type\":\"Bearer\"}", token);
    else if (strstr(url, "/backup") != NULL)
        snprintf(body, sizeof body, "{\"value\":\"%s\"}", backup);
    else if (strstr(url, "wrapkey") != NULL) { /* the wrapped key is the key */
        const char *key = strstr(nightlatch_effect_body(effect, NULL), "\"value\":\"") + 9;
        snprintf(body, sizeof body, "{\"kid\":\"" VAULT "/keys/app/0123456789abcdef0123456789abcdef\",\"value\":\"%.*s\"}", (int)strcspn(key, "\""), key);
    } else if (strstr(url, "/keys/") != NULL)
        snprintf(body, sizeof body, "{\"key\":{\"kid\":\"" VAULT "/keys/app/0123456789abcdef0123456789abcdef\",\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}}");
    else if (strstr(url, "/restore") != NULL)
        snprintf(body, sizeof body, "{\"id\":\"" VAULT "/secrets/db/0123456789abcdef0123456789abcdef\"}");
    else if (strcmp(nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_METHOD, NULL), "PUT") == 0)
        snprintf(body, sizeof body, "{\"value\":\"%s\",\"id\":\"" VAULT "/secrets/%s/0123456789abcdef0123456789abcdef\"}", written, strstr(url, "/db?") != NULL ? "db" : "new");
    else if (strstr(url, "/secrets/") != NULL)
        snprintf(body, sizeof body, "{\"value\":\"%s\",\"id\":\"" VAULT "/secrets/db/0123456789abcdef0123456789abcdef\"}", value);
    else
        snprintf(body, sizeof body, "{}");
    CHECK(nightlatch_outcome_http(outcome, 200) == OK && nightlatch_outcome_add_body(outcome, body, strlen(body)) == OK);
    nightlatch_wipe(body, sizeof body);
}

/* A value that is set, and a backup that is taken and brought back. */
static void write_and_restore(nightlatch_vault *vault, const char *value_needle, const char *backup_needle)
{
    nightlatch_secret *secret = NULL;
    nightlatch_value *taken = NULL;
    nightlatch_properties *properties = NULL;
    size_t len = 0;
    CHECK(nightlatch_vault_set_secret(vault, T("new"), T(written), NULL, false, 0, &secret, NULL) == OK);
    nightlatch_secret_free(secret);
    CHECK(nightlatch_vault_backup_secret(vault, T("db"), 0, &taken, NULL) == OK);
    const char *data = nightlatch_value_data(taken, &len);
    CHECK(nightlatch_vault_restore_secret_backup(vault, data, len, 0, &properties, NULL) == OK);
    nightlatch_properties_free(properties);
    nightlatch_wipe(written, sizeof written), nightlatch_wipe(backup, sizeof backup);
    CHECK(leaks(value_needle) > 0 && leaks(backup_needle) > 0); /* in the cache, and in the handle */
    nightlatch_value_free(taken);
    CHECK(leaks(backup_needle) == 0);
}

/* The doctor reads a value to see whether that works, and keeps nothing of it; its reports hold none. */
static void consult(nightlatch_vault *vault, const char *value_needle, const char *token_needle)
{
    nightlatch_report *report = NULL;
    CHECK(nightlatch_vault_diagnose(vault, T("db"), NONE, 0, &report, NULL) == OK && nightlatch_report_ok(report));
    int in_the_program = leaks(value_needle), kept = leaks(token_needle);
    nightlatch_wipe(value, sizeof value);
    CHECK(in_the_program > 0 && leaks(value_needle) == 0); /* the program's own copy, and no other */
    nightlatch_report_free(report);
    CHECK(kept > 0 && leaks(token_needle) == kept); /* no report had it */
    spell(value, 'A');
}

/* A text whose references are resolved, and a vault that is loaded: only the handle and the cache hold values, and of the text that
 * came in nothing is left. */
static void resolve_and_load(nightlatch_client *client, nightlatch_vault *vault, const char *value_needle, const char *plain_needle)
{
    static const char *const names[] = { "db" };
    static const size_t lens[] = { 2 };
    nightlatch_resolved *resolved = NULL, *loaded = NULL;
    nightlatch_report *report = NULL;
    char settings[160];
    snprintf(settings, sizeof settings, "{\"A\":\"@Microsoft.KeyVault(VaultName=contoso;SecretName=db)\",\"B\":\"%s\"}", backup);
    CHECK(nightlatch_client_resolve(client, NIGHTLATCH_FORM_JSON, T(settings), 0, 0, &resolved, NULL) == OK);
    CHECK(nightlatch_client_check_references(client, NIGHTLATCH_FORM_JSON, T(settings), 0, 0, &report, NULL) == OK);
    CHECK(nightlatch_vault_load(vault, names, lens, 1, NONE, NONE, 0, &loaded, NULL) == OK);
    CHECK(strstr(nightlatch_resolved_text(resolved, NULL), value) != NULL && strstr(nightlatch_resolved_text(loaded, NULL), value) != NULL);
    CHECK(nightlatch_vault_invalidate(vault, T("db"), NONE) == OK);
    nightlatch_wipe(value, sizeof value), nightlatch_wipe(backup, sizeof backup), nightlatch_wipe(settings, sizeof settings);
    CHECK(leaks(value_needle) == 2 && leaks(plain_needle) == 1); /* in the two handles, and no report */
    nightlatch_resolved_free(resolved);
    CHECK(leaks(value_needle) == 1 && leaks(plain_needle) == 0);
    nightlatch_resolved_free(loaded);
    CHECK(leaks(value_needle) == 0);
    nightlatch_report_free(report);
    spell(value, 'A'), spell(backup, 'c');
}

static void make(void *context, const char *slot, nightlatch_outcome *outcome)
{
    (void)context, (void)slot;
    CHECK(nightlatch_outcome_made(outcome, T(written)) == OK);
}

/* A value that a rotation makes is in the cache, and nowhere else. */
static void rotate(nightlatch_vault *vault, const char *needle)
{
    nightlatch_rotator rotator = NIGHTLATCH_ROTATOR_INIT;
    nightlatch_rotation *rotation = NULL;
    nightlatch_error *error = NULL;
    rotator.make = make;
    CHECK(nightlatch_vault_rotate_secret(vault, T("db"), &rotator, NONE, NONE, NULL, 0, &rotation, &error) == OK);
    if (error != NULL)
        printf("%s\n", nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL));
    nightlatch_wipe(written, sizeof written), nightlatch_wipe(value, sizeof value);
    CHECK(nightlatch_vault_invalidate(vault, T("db"), NONE) == OK && leaks(needle) == 0);
    nightlatch_rotation_free(rotation);
    spell(written, 'a'), spell(value, 'A');
}

/* A text that is encrypted and decrypted: only the handle holds it. */
static void encrypt_and_decrypt(nightlatch_vault *vault, const char *needle)
{
    nightlatch_encryption encryption = NIGHTLATCH_ENCRYPTION_INIT;
    nightlatch_value *encrypted = NULL, *decrypted = NULL;
    size_t len = 0;
    encryption.key = "app", encryption.key_len = 3;
    CHECK(nightlatch_vault_encrypt(vault, &encryption, T(backup), 0, &encrypted, NULL) == OK);
    nightlatch_wipe(backup, sizeof backup);
    CHECK(leaks(needle) == 0);
    const char *data = nightlatch_value_data(encrypted, &len);
    CHECK(nightlatch_vault_decrypt(vault, &encryption, data, len, 0, &decrypted, NULL) == OK && leaks(needle) == 1);
    nightlatch_value_free(encrypted), nightlatch_value_free(decrypted);
    CHECK(leaks(needle) == 0);
    spell(backup, 'c');
}

int main(void)
{
    char needles[5][17] = {{0}};
    nightlatch_host host = NIGHTLATCH_HOST_INIT;
    nightlatch_config *config = nightlatch_config_new();
    nightlatch_client *client = NULL;
    nightlatch_vault *vault = NULL;
    nightlatch_secret *secret = NULL;
    nightlatch_error *error = NULL;
    spell(value, 'A'), spell(token, 'D'), spell(credential, 'H'), spell(written, 'a'), spell(backup, 'c');
    for (int i = 0; i < 16; i++) {
        needles[0][i] = value[15 - i];
        needles[1][i] = token[15 - i];
        needles[2][i] = credential[15 - i];
        needles[3][i] = written[15 - i];
        needles[4][i] = backup[15 - i];
    }
    host.http = answer;
    CHECK(nightlatch_config_inherit_environment(config, false) == OK);
    CHECK(nightlatch_config_use_client_secret(config, T("11111111-1111-4111-8111-111111111111"), T("44444444-4444-4444-8444-444444444444"), T(credential)) == OK);
    CHECK(nightlatch_client_new(config, &host, &client, &error) == OK);
    CHECK(nightlatch_vault_new(client, T(VAULT), &vault, &error) == OK);
    consult(vault, needles[0], needles[1]);
    resolve_and_load(client, vault, needles[0], needles[4]);
    rotate(vault, needles[3]);
    encrypt_and_decrypt(vault, needles[4]);
    CHECK(nightlatch_vault_get_secret(vault, T("db"), NONE, 0, &secret, &error) == OK);
    if (error != NULL)
        printf("%s\n", nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL));
    nightlatch_wipe(credential, sizeof credential);
    CHECK(secret != NULL && strcmp(nightlatch_secret_value(secret, NULL), value) == 0);
    nightlatch_wipe(value, sizeof value), nightlatch_wipe(token, sizeof token);
    CHECK(leaks(needles[0]) > 0 && leaks(needles[1]) > 0 && leaks(needles[2]) > 0); /* the scan can see them */

    /* The cache lets go, a handle holds on; then nothing does. */
    CHECK(nightlatch_vault_invalidate(vault, T("db"), NONE) == OK && leaks(needles[0]) > 0);
    nightlatch_secret_free(secret);
    CHECK(leaks(needles[0]) == 0);
    write_and_restore(vault, needles[3], needles[4]);
    nightlatch_vault_free(vault), nightlatch_client_free(client), nightlatch_config_free(config);
    CHECK(leaks(needles[0]) == 0 && leaks(needles[1]) == 0 && leaks(needles[2]) == 0 && leaks(needles[3]) == 0);
    return done("memory");
}
