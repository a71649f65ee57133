// The Secrets API by the C++ wrapper, through libcurl: operations VAULT, an empty vault in which everything is allowed.
#include "check.h"

#include <nightlatch.hpp>
#include <nightlatch_curl.h>

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    nightlatch_host host = NIGHTLATCH_HOST_INIT;
    nightlatch_curl *transport = nightlatch_curl_new();
    CHECK(nightlatch_curl_attach(transport, &host) == OK);
    try {
        nightlatch::Client client(host, nightlatch::Config().set("cache.refresh_interval", 0));
        nightlatch::Vault vault(client, argv[1]);
        nightlatch::Changes changes;
        changes.contentType("text/plain").tag("owner", "shop").expiresOn(4102444800).enabled(true);
        nightlatch::Secret secret = vault.set("db", "value-1", changes);
        CHECK(secret.value() == "value-1" && secret.about().tags().at("owner") == "shop");
        CHECK(secret.about().number(NIGHTLATCH_SECRET_EXPIRES_ON) == 4102444800 && secret.about().number(99, -7) == -7);
        nightlatch::Properties updated = vault.updateProperties("db", nightlatch::Changes().noTags().ifVersion(secret.version()));
        CHECK(updated.about().tags().empty() && updated.about().name() == "db");
        vault.set("other", "value-2");
        nightlatch::Page page = vault.list();
        CHECK(page.size() == 2 && page.continuation().empty() && !page[0].name().empty());
        CHECK(vault.listVersions("db", "", 1).size() == 1);

        std::string missing;
        std::map<std::string, nightlatch::Secret> many =
            vault.getMany({"db", "absent"}, false, [&missing](const std::string &name, const nightlatch_error *why) {
                CHECK(nightlatch_error_status(why) == NIGHTLATCH_NOT_FOUND);
                missing = name;
            });
        CHECK(many.at("db").value() == "value-1" && !many.at("absent") && missing == "absent");

        nightlatch::Backup backup = vault.backup("db");
        CHECK(vault.deleteSecret("db", true).about().name() == "db" && vault.deletionFinished("db"));
        CHECK(vault.listDeleted().size() == 1 && vault.getDeleted("db").about().number(NIGHTLATCH_SECRET_DELETED_DATE) > 0);
        CHECK(vault.recoverDeleted("db", true).about().name() == "db" && vault.recoveryFinished("db", true));
        vault.deleteSecret("db", true);
        CHECK(vault.purgeDeleted("db", true));
        CHECK(vault.restore(backup).about().name() == "db" && vault.get("db").value() == "value-1");

        nightlatch::Vault elsewhere(nightlatch::Client(host), argv[1]);
        elsewhere.set("db", "value-3");
        int calls = 0;
        CHECK(vault.withSecret("db", [&calls](const nightlatch::Secret &tried) {
            calls++;
            return tried.value() == "value-3";
        }));
        CHECK(calls == 2 && !vault.withSecret("db", [](const nightlatch::Secret &) { return false; }));
        CHECK(client.cacheNumber(NIGHTLATCH_CACHE_ENTRIES) >= 1 && client.refreshDue().count() > 0);
        vault.getDeleted("db");
        CHECK(false);
    } catch (const nightlatch::Error &error) {
        CHECK(error.status() == NIGHTLATCH_NOT_FOUND);
        if (error.status() != NIGHTLATCH_NOT_FOUND)
            printf("%s\n", error.what());
    }
    nightlatch_curl_free(transport);
    return done("operations in C++");
}
