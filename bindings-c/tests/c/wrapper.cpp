// The C++ wrapper: objects, exceptions, functions as callbacks.
#include "check.h"

#include <nightlatch.hpp>

static void answer(const nightlatch_effect *effect, nightlatch_outcome *outcome)
{
    static world w = new_world();
    world_http(&w, effect, outcome);
}

static nightlatch::Config config()
{
    nightlatch::Config config;
    config.inheritEnvironment(false)
        .setVariable("IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi/token")
        .setVariable("IDENTITY_HEADER", "header")
        .useManagedIdentity()
        .set("cache.ttl", 60)
        .set("cache.jitter", 0.05)
        .set("vault.allow_http_loopback", false)
        .set("user_agent", "wrapper")
        .add("vault.allowed_domains", "vault.example.org");
    return config;
}

int main()
{
    int events = 0;
    nightlatch::Secret kept;
    {
        nightlatch::Host host;
        host.http = answer;
        host.event = [&events](const std::string &json) { events += json.find("\"event\"") != std::string::npos; };
        nightlatch::Vault vault(nightlatch::Client(host, config()), VAULT); // the client's handle goes, its state stays
        CHECK(!vault.cached("db"));
        nightlatch::Secret secret = vault.get("db");
        nightlatch::Secret copy = secret;
        kept = std::move(secret);
        CHECK(copy.value() == SECRET_VALUE && kept.value() == SECRET_VALUE && copy.get() == kept.get());
        CHECK(kept.version().size() == 32 && kept.text(NIGHTLATCH_SECRET_KEY_ID).empty());
        CHECK(vault.cached("db").value() == SECRET_VALUE);
        vault.invalidate("db");
        CHECK(!vault.cached("db"));
        CHECK(vault.refresh("db", "", std::chrono::seconds(5)).value() == SECRET_VALUE);
        try {
            vault.get("not_a_name");
            CHECK(false);
        } catch (const nightlatch::Error &error) {
            CHECK(error.status() == NIGHTLATCH_INVALID_ARGUMENT && error.advice().find("not-a-name") != std::string::npos);
            CHECK(std::string(error.what()).find(error.message()) == 0 && error.attempts().empty());
        }
        nightlatch::Report report = vault.diagnose("db");
        CHECK(report && report.ok() && !report.isTransient() && report.text().find("ok: " VAULT "/secrets/db") == 0);
        CHECK(report.text("secret.name") == "db" && report.text("verdict.code").empty() && report.json().find("{\"ok\":true") == 0);
        CHECK(report.count("sources") == 1 && report.number("ok") == 1 && report.number("no.such", -7) == -7);
        CHECK(vault.check({"db"}).text() == "ok\n" && !nightlatch::Report(nullptr));
        CHECK(vault.explain(3, 2).number("requests.instances") == 2 && vault.explain().number("requests.secrets") == 1);
        nightlatch::Client client(host, config());
        const std::string reference = "@Microsoft.KeyVault(VaultName=contoso;SecretName=db)";
        nightlatch::Resolved resolved = client.resolve("{\"a\":\"" + reference + "\"}", nightlatch::Form::json);
        CHECK(resolved.value() == "{\"a\":\"" SECRET_VALUE "\"}" && resolved.report() && resolved.report().text("references.0.name") == "/a");
        CHECK(client.resolve("plain").value() == "plain" && client.resolve(reference).report().count("references") == 1);
        CHECK(client.checkReferences(reference) && !client.checkReferences("@Microsoft.KeyVault(oops").ok());
        try {
            client.resolve("A=" + reference + "\nB=@Microsoft.KeyVault(oops", nightlatch::Form::env);
            CHECK(false);
        } catch (const nightlatch::Error &error) {
            CHECK(error.attempts().size() == 1 && error.attempts()[0].source == "B" && error.attempts()[0].ending == "InvalidSyntax");
        }
        CHECK(vault.load({"a", "Db--b"}, "", "__").value() == "{\"a\":\"" SECRET_VALUE "\",\"Db__b\":\"" SECRET_VALUE "\"}");
        CHECK(vault.load({}).value() == "{}" && vault.load({"shop-a"}, "shop-").value() == "{\"a\":\"" SECRET_VALUE "\"}");
        try {
            vault.loadAll("shop-"); // no list comes from this world
            CHECK(false);
        } catch (const nightlatch::Error &error) {
            CHECK(error.status() == NIGHTLATCH_MALFORMED_RESPONSE);
        }
        nightlatch::Vault moved(std::move(vault));
        CHECK(!vault && moved.get("db").value() == SECRET_VALUE);
    }
    CHECK(events >= 2 && kept.value() == SECRET_VALUE);
    try {
        nightlatch::Host nothing;
        nightlatch::Client client(nothing);
        CHECK(false);
    } catch (const nightlatch::Error &error) {
        CHECK(error.status() == NIGHTLATCH_INVALID_ARGUMENT);
    }
    return done("wrapper");
}
