/*
 * Gets a secret as an application whose certificate's key stands in a security module and never leaves it, by PKCS #11.
 *
 *   cc -std=c99 pkcs11.c $(pkg-config --cflags --libs nightlatch) $(pkg-config --cflags p11-kit-1) -ldl -o pkcs11
 *   PKCS11_PIN=1234 AZURE_TENANT_ID=... AZURE_CLIENT_ID=... ./pkcs11 https://contoso.vault.azure.net db-password \
 *       /usr/lib/softhsm/libsofthsm2.so TOKEN-LABEL KEY-LABEL certificate.pem
 */
#include <dlfcn.h>
#include <nightlatch_curl.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEY = 1 }; /* our number for the key; a program with several keys has several */

struct program {
    nightlatch_curl *transport;
    CK_FUNCTION_LIST *module;
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session; /* logs in for all sessions of the program */
    CK_OBJECT_HANDLE key;
};

/* The token of that label; labels are padded with blanks. */
static int find_slot(struct program *program, const char *label)
{
    CK_SLOT_ID slots[64];
    CK_ULONG count = 64;
    CK_TOKEN_INFO token;
    if (program->module->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
        return 0;
    for (CK_ULONG i = 0; i < count; i++)
        if (program->module->C_GetTokenInfo(slots[i], &token) == CKR_OK && strlen(label) <= sizeof token.label &&
            memcmp(token.label, label, strlen(label)) == 0 &&
            (strlen(label) == sizeof token.label || token.label[strlen(label)] == ' ')) {
            program->slot = slots[i];
            return 1;
        }
    return 0;
}

/* Opens the module, logs in, and finds the private key. NULL, or what failed. */
static const char *open_key(struct program *program, const char *path, const char *token, const char *key)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE wanted[] = { { CKA_CLASS, &class, sizeof class }, { CKA_LABEL, (void *)(uintptr_t)key, strlen(key) } };
    CK_C_INITIALIZE_ARGS threads;
    CK_ULONG found = 0;
    CK_C_GetFunctionList get_functions = NULL;
    const char *pin = getenv("PKCS11_PIN");
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library != NULL)
        *(void **)&get_functions = dlsym(library, "C_GetFunctionList");
    if (get_functions == NULL || get_functions(&program->module) != CKR_OK)
        return "the module cannot be loaded";
    memset(&threads, 0, sizeof threads);
    threads.flags = CKF_OS_LOCKING_OK; /* callbacks come from several threads */
    if (program->module->C_Initialize(&threads) != CKR_OK)
        return "the module cannot be initialised";
    if (!find_slot(program, token))
        return "there is no such token";
    if (program->module->C_OpenSession(program->slot, CKF_SERIAL_SESSION, NULL, NULL, &program->session) != CKR_OK ||
        pin == NULL || program->module->C_Login(program->session, CKU_USER, (CK_UTF8CHAR *)(uintptr_t)pin, strlen(pin)) != CKR_OK)
        return "the token lets nobody in: set PKCS11_PIN";
    if (program->module->C_FindObjectsInit(program->session, wanted, 2) == CKR_OK) {
        (void)program->module->C_FindObjects(program->session, &program->key, 1, &found);
        (void)program->module->C_FindObjectsFinal(program->session);
    }
    return found == 1 ? NULL : "there is no such private key";
}

/* Signs what the library asks for. A session does one thing at a time, so each signature has its own. */
static void sign(void *context, const nightlatch_effect *effect, nightlatch_outcome *outcome)
{
    struct program *program = context;
    CK_RSA_PKCS_PSS_PARAMS pss = { CKM_SHA256, CKG_MGF1_SHA256, 32 };
    CK_MECHANISM mechanism = { CKM_SHA256_RSA_PKCS, NULL, 0 };
    CK_SESSION_HANDLE session;
    CK_BYTE signature[1024];
    CK_ULONG signature_len = sizeof signature;
    size_t len;
    uint64_t handle = 0;
    const char *message = nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_MESSAGE, &len);
    const char *algorithm = nightlatch_effect_text(effect, NIGHTLATCH_EFFECT_ALGORITHM, NULL);
    (void)nightlatch_effect_number(effect, NIGHTLATCH_EFFECT_HANDLE, &handle);
    if (handle != KEY)
        return; /* nothing in the outcome is a failure */
    if (strcmp(algorithm, "PS256") == 0) {
        mechanism.mechanism = CKM_SHA256_RSA_PKCS_PSS;
        mechanism.pParameter = &pss;
        mechanism.ulParameterLen = sizeof pss;
    }
    if (program->module->C_OpenSession(program->slot, CKF_SERIAL_SESSION, NULL, NULL, &session) != CKR_OK)
        return;
    if (program->module->C_SignInit(session, &mechanism, program->key) == CKR_OK &&
        program->module->C_Sign(session, (CK_BYTE *)(uintptr_t)message, len, signature, &signature_len) == CKR_OK)
        (void)nightlatch_outcome_signature(outcome, (const char *)signature, signature_len);
    else
        (void)nightlatch_outcome_fail(outcome, NIGHTLATCH_FAULT_OTHER, NIGHTLATCH_TEXT("the security module did not sign"));
    (void)program->module->C_CloseSession(session);
}

static void http(void *context, const nightlatch_effect *effect, nightlatch_outcome *outcome)
{
    nightlatch_curl_perform(((struct program *)context)->transport, effect, outcome);
}

static size_t read_file(const char *path, char *text, size_t capacity)
{
    FILE *file = fopen(path, "rb");
    size_t len = file != NULL ? fread(text, 1, capacity, file) : 0;
    if (file != NULL)
        fclose(file);
    return len;
}

int main(int argc, char **argv)
{
    static char certificate[1 << 16];
    struct program program = { NULL, NULL, 0, 0, 0 };
    const char *tenant = getenv("AZURE_TENANT_ID"), *client_id = getenv("AZURE_CLIENT_ID"), *why;
    nightlatch_host host = NIGHTLATCH_HOST_INIT;
    nightlatch_client *client = NULL;
    nightlatch_vault *vault = NULL;
    nightlatch_secret *secret = NULL;
    nightlatch_error *error = NULL;
    if (argc != 7 || tenant == NULL || client_id == NULL) {
        fprintf(stderr, "usage: pkcs11 VAULT_URL NAME MODULE TOKEN KEY CERTIFICATE.pem, with AZURE_TENANT_ID and AZURE_CLIENT_ID set\n");
        return 2;
    }
    if ((why = open_key(&program, argv[3], argv[4], argv[5])) != NULL) {
        fprintf(stderr, "pkcs11: %s\n", why);
        return 1;
    }
    size_t len = read_file(argv[6], certificate, sizeof certificate);
    nightlatch_config *config = nightlatch_config_new();
    (void)nightlatch_config_use_signing_key(config, NIGHTLATCH_TEXT(tenant), NIGHTLATCH_TEXT(client_id), certificate, len, KEY);
    program.transport = nightlatch_curl_new();
    host.context = &program;
    host.http = http;
    host.sign = sign;
    if (nightlatch_client_new(config, &host, &client, &error) == NIGHTLATCH_OK &&
        nightlatch_vault_new(client, NIGHTLATCH_TEXT(argv[1]), &vault, &error) == NIGHTLATCH_OK &&
        nightlatch_vault_get_secret(vault, NIGHTLATCH_TEXT(argv[2]), NIGHTLATCH_NONE, 0, &secret, &error) == NIGHTLATCH_OK)
        puts(nightlatch_secret_value(secret, NULL));
    else
        fprintf(stderr, "%s\n", nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, NULL));
    nightlatch_error_free(error);
    nightlatch_secret_free(secret);
    nightlatch_vault_free(vault);
    nightlatch_client_free(client);
    nightlatch_config_free(config);
    nightlatch_curl_free(program.transport);
    (void)program.module->C_Finalize(NULL);
    return secret == NULL;
}
