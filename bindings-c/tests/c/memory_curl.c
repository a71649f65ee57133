/*
 * As memory.c, with libcurl and OpenSSL in between: memory_curl VAULT_URL NAME REVERSED_VALUE. After everything is freed no
 * byte of the process holds the secret or the token; the doctor keeps no value while it lives.
 */
#include "scan.h"

#include <nightlatch_curl.h>

int main(int argc, char **argv)
{
    nightlatch_host host = NIGHTLATCH_HOST_INIT;
    nightlatch_curl *transport = nightlatch_curl_new();
    nightlatch_client *client = NULL;
    nightlatch_vault *vault = NULL;
    nightlatch_report *report = NULL;
    nightlatch_secret *secret = NULL;
    nightlatch_token *token = NULL;
    nightlatch_operation *operation = nightlatch_operation_new(T("get_token"));
    nightlatch_reply *reply = NULL;
    char needle[17] = {0};
    size_t len = 0;
    CHECK(argc == 4 && nightlatch_curl_attach(transport, &host) == OK);
    CHECK(nightlatch_client_new(NULL, &host, &client, NULL) == OK);
    CHECK(nightlatch_vault_new(client, T(argv[1]), &vault, NULL) == OK);
    CHECK(nightlatch_vault_diagnose(vault, T(argv[2]), NONE, 0, &report, NULL) == OK && nightlatch_report_ok(report));
    nightlatch_report_free(report);
    CHECK(leaks(argv[3]) == 0);
    CHECK(nightlatch_vault_get_secret(vault, T(argv[2]), NONE, 0, &secret, NULL) == OK);
    CHECK(nightlatch_operation_add_text(operation, T("request.scopes"), T("https://vault.azure.net/.default")) == OK);
    CHECK(nightlatch_operation_set_flag(operation, T("request.enable_cae"), true) == OK);
    CHECK(nightlatch_client_perform(client, operation, &reply, NULL) == OK);
    token = nightlatch_reply_token(reply);
    const char *text = nightlatch_token_value(token, &len);
    for (int i = 0; i < 16; i++)
        needle[i] = text[len - 1 - (size_t)i];
    CHECK(leaks(argv[3]) > 0 && leaks(needle) > 0);
    nightlatch_operation_free(operation), nightlatch_reply_free(reply), nightlatch_token_free(token);

    nightlatch_secret_free(secret);
    CHECK(nightlatch_vault_invalidate(vault, T(argv[2]), NONE) == OK);
    CHECK(leaks(argv[3]) == 0); /* connections are still open */
    nightlatch_vault_free(vault), nightlatch_client_free(client), nightlatch_curl_free(transport);
    CHECK(leaks(argv[3]) == 0 && leaks(needle) == 0);
    return done("memory_curl");
}
