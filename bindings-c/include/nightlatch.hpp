// nightlatch for C++11 and newer: the handles of nightlatch.h as objects, its errors as exceptions. Nothing to link besides.
//
//   nightlatch::Client client(host);                     // a nightlatch::Host, or a table by nightlatch_curl_attach
//   nightlatch::Vault vault(client, "https://contoso.vault.azure.net");
//   std::string password = vault.get("db-password").value();
//
// Objects move; secrets also copy, by sharing. What nightlatch.h says of threads and callbacks holds.
#ifndef NIGHTLATCH_HPP
#define NIGHTLATCH_HPP

#include "nightlatch.h"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace nightlatch {

namespace detail {

inline std::string text(const char *data, size_t len) { return data ? std::string(data, len) : std::string(); }

inline uint64_t millis(std::chrono::milliseconds time) { return time.count() > 0 ? static_cast<uint64_t>(time.count()) : 0; }

template <typename Handle, void (*release)(Handle *)>
class Owner {
public:
    explicit Owner(Handle *handle = nullptr) noexcept : handle_(handle) {}
    Owner(Owner &&other) noexcept : handle_(other.handle_) { other.handle_ = nullptr; }
    Owner &operator=(Owner &&other) noexcept
    {
        std::swap(handle_, other.handle_);
        return *this;
    }
    Owner(const Owner &) = delete;
    Owner &operator=(const Owner &) = delete;
    ~Owner() { release(handle_); }

    // The handle, for the functions of nightlatch.h; it stays owned here.
    Handle *get() const noexcept { return handle_; }
    explicit operator bool() const noexcept { return handle_ != nullptr; }

private:
    Handle *handle_;
};

// Many names as C takes them; they must outlive it.
struct Names {
    explicit Names(const std::vector<std::string> &names)
    {
        for (const std::string &name : names) {
            texts.push_back(name.data());
            lens.push_back(name.size());
        }
    }
    std::vector<const char *> texts;
    std::vector<size_t> lens;
};

} // namespace detail

// Why a call failed. `what()` is what to show people.
class Error : public std::runtime_error {
public:
    struct Attempt {
        std::string source, ending, reason;
    };

    Error(nightlatch_status status, nightlatch_error *error)
        : std::runtime_error(description(error)), status_(status),
          error_(error, nightlatch_error_free)
    {
    }

    nightlatch_status status() const noexcept { return status_; }

    // A fact, as named by nightlatch_error_fact; empty if absent.
    std::string text(uint32_t fact) const
    {
        size_t len = 0;
        const char *data = nightlatch_error_text(error_.get(), fact, &len);
        return detail::text(data, len);
    }
    std::string message() const { return text(NIGHTLATCH_ERROR_MESSAGE); }
    std::string advice() const { return text(NIGHTLATCH_ERROR_ADVICE); }

    std::vector<Attempt> attempts() const
    {
        std::vector<Attempt> all;
        for (size_t i = 0; i < nightlatch_error_attempt_count(error_.get()); i++)
            all.push_back({part(i, NIGHTLATCH_ATTEMPT_SOURCE), part(i, NIGHTLATCH_ATTEMPT_ENDING),
                           part(i, NIGHTLATCH_ATTEMPT_REASON)});
        return all;
    }

private:
    static std::string description(nightlatch_error *error)
    {
        size_t len = 0;
        const char *data = nightlatch_error_text(error, NIGHTLATCH_ERROR_DESCRIPTION, &len);
        return data ? std::string(data, len) : std::string("a call of nightlatch was refused");
    }
    std::string part(size_t index, uint32_t which) const
    {
        size_t len = 0;
        const char *data = nightlatch_error_attempt(error_.get(), index, which, &len);
        return detail::text(data, len);
    }

    nightlatch_status status_;
    std::shared_ptr<nightlatch_error> error_;
};

inline void check(nightlatch_status status, nightlatch_error *error = nullptr)
{
    if (status != NIGHTLATCH_OK)
        throw Error(status, error);
}

namespace detail {

// What a call writes, or its error thrown.
template <typename Handle, typename Call>
Handle *made(Call call)
{
    Handle *handle = nullptr;
    nightlatch_error *error = nullptr;
    nightlatch_status status = call(&handle, &error);
    check(status, error);
    return handle;
}

} // namespace detail

// Options, environment variables and secret values. Setters chain.
class Config : public detail::Owner<nightlatch_config, nightlatch_config_free> {
public:
    Config() : Owner(nightlatch_config_new()) {}

    Config &set(const std::string &path, const std::string &value)
    {
        check(nightlatch_config_set_text(get(), path.data(), path.size(), value.data(), value.size()));
        return *this;
    }
    Config &set(const std::string &path, const char *value) { return set(path, std::string(value)); }
    Config &set(const std::string &path, double value)
    {
        check(nightlatch_config_set_number(get(), path.data(), path.size(), value));
        return *this;
    }
    Config &set(const std::string &path, int value) { return set(path, static_cast<double>(value)); }
    Config &set(const std::string &path, bool value)
    {
        check(nightlatch_config_set_flag(get(), path.data(), path.size(), value));
        return *this;
    }
    Config &add(const std::string &path, const std::string &value)
    {
        check(nightlatch_config_add_text(get(), path.data(), path.size(), value.data(), value.size()));
        return *this;
    }
    Config &setVariable(const std::string &name, const std::string &value)
    {
        check(nightlatch_config_set_variable(get(), name.data(), name.size(), value.data(), value.size()));
        return *this;
    }
    Config &inheritEnvironment(bool inherit)
    {
        check(nightlatch_config_inherit_environment(get(), inherit));
        return *this;
    }
    Config &useCredential(const std::string &name)
    {
        check(nightlatch_config_use_credential(get(), name.data(), name.size()));
        return *this;
    }
    Config &useManagedIdentity(const std::string &clientId = std::string())
    {
        check(nightlatch_config_use_managed_identity(get(), clientId.data(), clientId.size()));
        return *this;
    }
    Config &useClientSecret(const std::string &tenant, const std::string &client, const std::string &secret)
    {
        check(nightlatch_config_use_client_secret(get(), tenant.data(), tenant.size(), client.data(), client.size(),
                                                  secret.data(), secret.size()));
        return *this;
    }
    // A file with certificate and key, PEM or PKCS #12.
    Config &useCertificateFile(const std::string &tenant, const std::string &client, const std::string &path,
                               const std::string &password = std::string())
    {
        check(nightlatch_config_use_certificate_file(get(), tenant.data(), tenant.size(), client.data(), client.size(),
                                                     path.data(), path.size(), password.data(), password.size()));
        return *this;
    }
    // The same in memory.
    Config &useCertificate(const std::string &tenant, const std::string &client, const std::string &certificate,
                           const std::string &password = std::string())
    {
        check(nightlatch_config_use_certificate(get(), tenant.data(), tenant.size(), client.data(), client.size(),
                                                certificate.data(), certificate.size(), password.data(), password.size()));
        return *this;
    }
    // A certificate whose key Host::sign reaches.
    Config &useSigningKey(const std::string &tenant, const std::string &client, const std::string &certificate, uint32_t key)
    {
        check(nightlatch_config_use_signing_key(get(), tenant.data(), tenant.size(), client.data(), client.size(),
                                                certificate.data(), certificate.size(), key));
        return *this;
    }
    // An application that Host::assertion proves.
    Config &useClientAssertion(const std::string &tenant, const std::string &client, uint32_t assertion)
    {
        check(nightlatch_config_use_client_assertion(get(), tenant.data(), tenant.size(), client.data(), client.size(),
                                                     assertion));
        return *this;
    }
    Config &useWorkloadIdentity(const std::string &tenant = std::string(), const std::string &client = std::string(),
                                const std::string &tokenFile = std::string())
    {
        check(nightlatch_config_use_workload_identity(get(), tenant.data(), tenant.size(), client.data(), client.size(),
                                                      tokenFile.data(), tokenFile.size()));
        return *this;
    }
    // Adds a credential to a chain.
    Config &addSource(const std::string &name)
    {
        check(nightlatch_config_add_source(get(), name.data(), name.size()));
        return *this;
    }
    // A secret value of the credential, such as `credential.client_secret`.
    Config &setSecret(const std::string &path, const std::string &value)
    {
        check(nightlatch_config_set_secret(get(), path.data(), path.size(), value.data(), value.size()));
        return *this;
    }
};

// What a vault says of a secret besides its value; lent by what it came from.
class About {
public:
    explicit About(const nightlatch_properties *properties) noexcept : properties_(properties) {}

    // A fact, as named by nightlatch_secret_fact; empty if absent.
    std::string text(uint32_t fact) const
    {
        size_t len = 0;
        const char *found = nightlatch_properties_text(properties_, fact, &len);
        return detail::text(found, len);
    }
    // A number, as named by nightlatch_secret_number_fact; `absent` if the vault did not say it.
    int64_t number(uint32_t fact, int64_t absent = 0) const
    {
        int64_t value = absent;
        return nightlatch_properties_number(properties_, fact, &value) ? value : absent;
    }
    std::map<std::string, std::string> tags() const
    {
        std::map<std::string, std::string> all;
        for (size_t i = 0; i < nightlatch_properties_tag_count(properties_); i++) {
            size_t name_len = 0, len = 0;
            const char *name = nightlatch_properties_tag_name(properties_, i, &name_len);
            const char *value = nightlatch_properties_tag(properties_, i, &len);
            all[detail::text(name, name_len)] = detail::text(value, len);
        }
        return all;
    }
    std::string name() const { return text(NIGHTLATCH_SECRET_NAME); }
    std::string version() const { return text(NIGHTLATCH_SECRET_VERSION); }

private:
    const nightlatch_properties *properties_;
};

// The same, owned.
class Properties : public detail::Owner<nightlatch_properties, nightlatch_properties_free> {
public:
    explicit Properties(nightlatch_properties *handle = nullptr) noexcept : Owner(handle) {}

    About about() const { return About(get()); }
};

// One page of a list.
class Page : public detail::Owner<nightlatch_page, nightlatch_page_free> {
public:
    explicit Page(nightlatch_page *handle = nullptr) noexcept : Owner(handle) {}

    size_t size() const noexcept { return nightlatch_page_count(get()); }
    About operator[](size_t index) const { return About(nightlatch_page_item(get(), index)); }
    // What to ask the next page with; empty at the end.
    std::string continuation() const
    {
        size_t len = 0;
        const char *next = nightlatch_page_continuation(get(), &len);
        return detail::text(next, len);
    }
};

// All versions of a secret as one blob, wiped in time.
class Backup : public detail::Owner<nightlatch_value, nightlatch_value_free> {
public:
    explicit Backup(nightlatch_value *handle = nullptr) noexcept : Owner(handle) {}

    const char *data(size_t *len = nullptr) const { return nightlatch_value_data(get(), len); }
};

// What a version of a secret shall have besides its value. Setters chain.
class Changes : public detail::Owner<nightlatch_changes, nightlatch_changes_free> {
public:
    Changes() : Owner(nightlatch_changes_new()) {}

    Changes &enabled(bool enabled) { return then(nightlatch_changes_set_enabled(get(), enabled)); }
    Changes &notBefore(int64_t time) { return then(nightlatch_changes_set_not_before(get(), time)); }
    Changes &expiresOn(int64_t time) { return then(nightlatch_changes_set_expires_on(get(), time)); }
    Changes &contentType(const std::string &text)
    {
        return then(nightlatch_changes_set_content_type(get(), text.data(), text.size()));
    }
    Changes &tag(const std::string &name, const std::string &value)
    {
        return then(nightlatch_changes_add_tag(get(), name.data(), name.size(), value.data(), value.size()));
    }
    Changes &noTags() { return then(nightlatch_changes_clear_tags(get())); }
    Changes &ifVersion(const std::string &version)
    {
        return then(nightlatch_changes_if_version(get(), version.data(), version.size()));
    }
    Changes &ifUnchangedSince(int64_t time) { return then(nightlatch_changes_if_unchanged_since(get(), time)); }

private:
    Changes &then(nightlatch_status status)
    {
        check(status);
        return *this;
    }
};

// A secret; copies share it.
class Secret : public detail::Owner<nightlatch_secret, nightlatch_secret_free> {
public:
    explicit Secret(nightlatch_secret *handle = nullptr) noexcept : Owner(handle) {}
    Secret(const Secret &other) : Owner(nightlatch_secret_share(other.get())) {}
    Secret(Secret &&) noexcept = default;
    Secret &operator=(Secret other) noexcept
    {
        Owner::operator=(std::move(other));
        return *this;
    }

    // The value in place: nothing is copied, and it is wiped in time.
    const char *data(size_t *len = nullptr) const { return nightlatch_secret_value(get(), len); }
    // A copy, which nobody wipes.
    std::string value() const
    {
        size_t len = 0;
        const char *value = data(&len);
        return detail::text(value, len);
    }
    // A fact, as named by nightlatch_secret_fact; empty if absent.
    std::string text(uint32_t fact) const
    {
        size_t len = 0;
        const char *found = nightlatch_secret_text(get(), fact, &len);
        return detail::text(found, len);
    }
    std::string version() const { return text(NIGHTLATCH_SECRET_VERSION); }
    About about() const { return About(nightlatch_secret_properties(get())); }
};

namespace detail {

// What a report tells, wherever `Of` has it from.
template <typename Of>
class Facts {
public:
    bool ok() const noexcept { return nightlatch_report_ok(get()); }
    explicit operator bool() const noexcept { return ok(); }
    // Whether trying again later may help.
    bool isTransient() const { return nightlatch_report_is_transient(get()); }
    // One line, for programs and tickets.
    std::string json() const
    {
        size_t len = 0;
        const char *json = nightlatch_report_json(get(), &len);
        return detail::text(json, len);
    }
    // The text at a path; empty if there is none. Without a path: the report for people.
    std::string text(const std::string &path = "text") const
    {
        size_t len = 0;
        const char *found = nightlatch_report_text(get(), path.data(), path.size(), &len);
        return detail::text(found, len);
    }
    // The number at a path; `absent` if there is none.
    double number(const std::string &path, double absent = 0) const
    {
        double value = absent;
        return nightlatch_report_number(get(), path.data(), path.size(), &value) ? value : absent;
    }
    // How many items the list at a path has.
    size_t count(const std::string &path) const { return nightlatch_report_count(get(), path.data(), path.size()); }

private:
    const nightlatch_report *get() const noexcept { return static_cast<const Of *>(this)->handle(); }
};

} // namespace detail

// What was found out; true if all is well. A fact is named by its path, such as `verdict.code`.
class Report : public detail::Owner<nightlatch_report, nightlatch_report_free>, public detail::Facts<Report> {
public:
    explicit Report(nightlatch_report *handle = nullptr) noexcept : Owner(handle) {}

    using Facts::operator bool;
    using Owner::get;
    const nightlatch_report *handle() const noexcept { return Owner::get(); }
};

// The same, lent by what it came from.
class Told : public detail::Facts<Told> {
public:
    explicit Told(const nightlatch_report *report) noexcept : report_(report) {}

    const nightlatch_report *handle() const noexcept { return report_; }

private:
    const nightlatch_report *report_;
};

// What a text with references is.
enum class Form : uint32_t {
    value = NIGHTLATCH_FORM_VALUE,
    json = NIGHTLATCH_FORM_JSON,
    env = NIGHTLATCH_FORM_ENV,
    yaml = NIGHTLATCH_FORM_YAML,
    toml = NIGHTLATCH_FORM_TOML
};

// A text with secrets in place of what asked for them, wiped in time.
class Resolved : public detail::Owner<nightlatch_resolved, nightlatch_resolved_free> {
public:
    explicit Resolved(nightlatch_resolved *handle = nullptr) noexcept : Owner(handle) {}

    // The text in place.
    const char *data(size_t *len = nullptr) const { return nightlatch_resolved_text(get(), len); }
    // A copy, which nobody wipes.
    std::string value() const
    {
        size_t len = 0;
        const char *text = data(&len);
        return detail::text(text, len);
    }
    // How each reference or secret fared.
    Told report() const { return Told(nightlatch_resolved_report(get())); }
};

// The program around a client, by functions. They must not throw.
class Host {
public:
    using Perform = std::function<void(const nightlatch_effect *, nightlatch_outcome *)>;
    Perform http;
    Perform readFile;
    Perform run;
    Perform token;
    Perform sign;
    Perform assertion;
    Perform prompt;
    Perform browse;
    std::function<void(const std::string &json)> event;

    // The table; it owns a copy of this, which `release` drops.
    nightlatch_host table() const
    {
        nightlatch_host table = NIGHTLATCH_HOST_INIT;
        table.context = new Host(*this);
        table.http = http ? call<&Host::http> : nullptr;
        table.read_file = readFile ? call<&Host::readFile> : nullptr;
        table.run = run ? call<&Host::run> : nullptr;
        table.token = token ? call<&Host::token> : nullptr;
        table.sign = sign ? call<&Host::sign> : nullptr;
        table.assertion = assertion ? call<&Host::assertion> : nullptr;
        table.prompt = prompt ? call<&Host::prompt> : nullptr;
        table.browse = browse ? call<&Host::browse> : nullptr;
        if (event)
            table.event = [](void *context, const char *json, size_t len) {
                static_cast<Host *>(context)->event(std::string(json, len));
            };
        table.release = [](void *context) { delete static_cast<Host *>(context); };
        return table;
    }

private:
    template <Perform Host::*which>
    static void call(void *context, const nightlatch_effect *effect, nightlatch_outcome *outcome)
    {
        (static_cast<Host *>(context)->*which)(effect, outcome);
    }
};

// One credential with all its state.
class Client : public detail::Owner<nightlatch_client, nightlatch_client_free> {
public:
    using Time = std::chrono::milliseconds; // what a call may take; 0 as configured

    explicit Client(nightlatch_client *handle) noexcept : Owner(handle) {}
    explicit Client(const Host &host, const Config &config = Config()) : Client(host.table(), config) {}
    explicit Client(const nightlatch_host &host, const Config &config = Config()) : Owner(make(host, config)) {}

    void invalidateAll() { check(nightlatch_client_invalidate_all(get())); }
    // Renews what is due, and says when to call again.
    std::chrono::milliseconds refreshDue(std::chrono::milliseconds timeout = std::chrono::milliseconds(0)) const
    {
        uint64_t next = 0;
        nightlatch_error *error = nullptr;
        nightlatch_status status = nightlatch_client_refresh_due(get(), detail::millis(timeout), &next, &error);
        check(status, error);
        return std::chrono::milliseconds(next);
    }
    // The text with secrets in place of its references, or an Error whose attempts name each that is missing. `maxAge` is the
    // oldest copy that may serve; 0 by the cache's own rules.
    Resolved resolve(const std::string &text, Form form = Form::value, Time maxAge = Time(0), Time timeout = Time(0)) const
    {
        return Resolved(detail::made<nightlatch_resolved>([&](nightlatch_resolved **out, nightlatch_error **error) {
            return nightlatch_client_resolve(get(), static_cast<uint32_t>(form), text.data(), text.size(),
                                             detail::millis(maxAge), detail::millis(timeout), out, error);
        }));
    }
    // Only how each would fare.
    Report checkReferences(const std::string &text, Form form = Form::value, Time maxAge = Time(0), Time timeout = Time(0)) const
    {
        return Report(detail::made<nightlatch_report>([&](nightlatch_report **out, nightlatch_error **error) {
            return nightlatch_client_check_references(get(), static_cast<uint32_t>(form), text.data(), text.size(),
                                                      detail::millis(maxAge), detail::millis(timeout), out, error);
        }));
    }
    // What the cache tells of itself, as named by nightlatch_cache_fact; 0 if absent.
    uint64_t cacheNumber(uint32_t fact) const
    {
        uint64_t value = 0;
        return nightlatch_client_cache_number(get(), fact, &value) ? value : 0;
    }

private:
    static nightlatch_client *make(const nightlatch_host &host, const Config &config)
    {
        nightlatch_client *client = nullptr;
        nightlatch_error *error = nullptr;
        nightlatch_status status = nightlatch_client_new(config.get(), &host, &client, &error);
        if (status != NIGHTLATCH_OK && host.release)
            host.release(host.context); // the library keeps no table of a client that was not made
        check(status, error);
        return client;
    }
};

// One vault, read through a client.
class Vault : public detail::Owner<nightlatch_vault, nightlatch_vault_free> {
public:
    using Time = std::chrono::milliseconds; // what a call may take; 0 as configured

    explicit Vault(nightlatch_vault *handle) noexcept : Owner(handle) {}
    Vault(const Client &client, const std::string &url) : Owner(make(client, url)) {}

    // From the cache if a fresh copy is there, else from the vault.
    Secret get(const std::string &name, const std::string &version = std::string(),
               std::chrono::milliseconds timeout = std::chrono::milliseconds(0)) const
    {
        return ask(nightlatch_vault_get_secret, name, version, timeout);
    }
    // From the vault, whatever the cache holds.
    Secret refresh(const std::string &name, const std::string &version = std::string(),
                   std::chrono::milliseconds timeout = std::chrono::milliseconds(0)) const
    {
        return ask(nightlatch_vault_refresh_secret, name, version, timeout);
    }
    // The cached copy; an empty one if there is none. Follow that with get.
    Secret cached(const std::string &name, const std::string &version = std::string()) const
    {
        return Secret(nightlatch_vault_cached(handle(), name.data(), name.size(), version.data(), version.size()));
    }
    void invalidate(const std::string &name, const std::string &version = std::string()) const
    {
        nightlatch::check(nightlatch_vault_invalidate(handle(), name.data(), name.size(), version.data(), version.size()));
    }
    // Each secret as it fared: one that failed is an empty one, and `failed` (if given) is told why.
    std::map<std::string, Secret> getMany(const std::vector<std::string> &names, bool refresh = false,
                                          const std::function<void(const std::string &, const nightlatch_error *)> &failed =
                                              std::function<void(const std::string &, const nightlatch_error *)>(),
                                          Time timeout = Time(0)) const
    {
        detail::Names passed(names);
        nightlatch_secrets *found = nullptr;
        nightlatch_error *error = nullptr;
        nightlatch_status status = nightlatch_vault_get_secrets(handle(), passed.texts.data(), passed.lens.data(), names.size(), refresh,
                                                                detail::millis(timeout), &found, &error);
        nightlatch::check(status, error);
        detail::Owner<nightlatch_secrets, nightlatch_secrets_free> owner(found);
        std::map<std::string, Secret> all;
        for (size_t i = 0; i < nightlatch_secrets_count(found); i++) {
            all[names[i]] = Secret(nightlatch_secret_share(nightlatch_secrets_secret(found, i)));
            if (failed && nightlatch_secrets_error(found, i) != nullptr)
                failed(names[i], nightlatch_secrets_error(found, i));
        }
        return all;
    }
    // Makes a new version. `recoverIfDeleted` brings a deleted secret of that name back first.
    Secret set(const std::string &name, const std::string &value, const Changes &changes = Changes(),
               bool recoverIfDeleted = false, Time timeout = Time(0)) const
    {
        return Secret(detail::made<nightlatch_secret>([&](nightlatch_secret **out, nightlatch_error **error) {
            return nightlatch_vault_set_secret(handle(), name.data(), name.size(), value.data(), value.size(), changes.get(),
                                               recoverIfDeleted, detail::millis(timeout), out, error);
        }));
    }
    // What `changes` does not give stays.
    Properties updateProperties(const std::string &name, const Changes &changes, const std::string &version = std::string(),
                                Time timeout = Time(0)) const
    {
        return Properties(detail::made<nightlatch_properties>([&](nightlatch_properties **out, nightlatch_error **error) {
            return nightlatch_vault_update_secret_properties(handle(), name.data(), name.size(), version.data(), version.size(),
                                                             changes.get(), detail::millis(timeout), out, error);
        }));
    }
    // One page; an empty continuation is the first.
    Page list(const std::string &continuation = std::string(), uint32_t maxPageSize = 0, Time timeout = Time(0)) const
    {
        return page(nightlatch_vault_list_properties_of_secrets, continuation, maxPageSize, timeout);
    }
    Page listDeleted(const std::string &continuation = std::string(), uint32_t maxPageSize = 0, Time timeout = Time(0)) const
    {
        return page(nightlatch_vault_list_deleted_secrets, continuation, maxPageSize, timeout);
    }
    Page listVersions(const std::string &name, const std::string &continuation = std::string(), uint32_t maxPageSize = 0,
                      Time timeout = Time(0)) const
    {
        return Page(detail::made<nightlatch_page>([&](nightlatch_page **out, nightlatch_error **error) {
            return nightlatch_vault_list_properties_of_secret_versions(handle(), name.data(), name.size(), continuation.data(),
                                                                       continuation.size(), maxPageSize,
                                                                       detail::millis(timeout), out, error);
        }));
    }
    // The service finishes some seconds later; with `wait` these return then.
    Properties deleteSecret(const std::string &name, bool wait = false, Time timeout = Time(0)) const
    {
        return changed(nightlatch_vault_delete_secret, name, wait, timeout);
    }
    Properties recoverDeleted(const std::string &name, bool wait = false, Time timeout = Time(0)) const
    {
        return changed(nightlatch_vault_recover_deleted_secret, name, wait, timeout);
    }
    bool purgeDeleted(const std::string &name, bool wait = false, Time timeout = Time(0)) const
    {
        return finished(nightlatch_vault_purge_deleted_secret, name, wait, timeout);
    }
    bool deletionFinished(const std::string &name, bool wait = false, Time timeout = Time(0)) const
    {
        return finished(nightlatch_vault_deletion_finished, name, wait, timeout);
    }
    bool recoveryFinished(const std::string &name, bool wait = false, Time timeout = Time(0)) const
    {
        return finished(nightlatch_vault_recovery_finished, name, wait, timeout);
    }
    Properties getDeleted(const std::string &name, Time timeout = Time(0)) const
    {
        return Properties(detail::made<nightlatch_properties>([&](nightlatch_properties **out, nightlatch_error **error) {
            return nightlatch_vault_get_deleted_secret(handle(), name.data(), name.size(), detail::millis(timeout), out, error);
        }));
    }
    Backup backup(const std::string &name, Time timeout = Time(0)) const
    {
        return Backup(detail::made<nightlatch_value>([&](nightlatch_value **out, nightlatch_error **error) {
            return nightlatch_vault_backup_secret(handle(), name.data(), name.size(), detail::millis(timeout), out, error);
        }));
    }
    Properties restore(const Backup &backup, Time timeout = Time(0)) const
    {
        size_t len = 0;
        const char *data = backup.data(&len);
        return Properties(detail::made<nightlatch_properties>([&](nightlatch_properties **out, nightlatch_error **error) {
            return nightlatch_vault_restore_secret_backup(handle(), data, len, detail::millis(timeout), out, error);
        }));
    }
    // Calls `use` with a secret; if it says that the value was not accepted, and there is another version by now, once more with
    // that. Whether it was accepted in the end. `use` must not throw.
    bool withSecret(const std::string &name, const std::function<bool(const Secret &)> &use, Time timeout = Time(0)) const
    {
        bool accepted = false;
        nightlatch_error *error = nullptr;
        auto call = [](void *context, const nightlatch_secret *secret) {
            Secret shared(nightlatch_secret_share(secret));
            return (*static_cast<const std::function<bool(const Secret &)> *>(context))(shared);
        };
        void *context = const_cast<std::function<bool(const Secret &)> *>(&use);
        nightlatch_status status = nightlatch_vault_with_secret(handle(), name.data(), name.size(), call, context,
                                                                detail::millis(timeout), &accepted, &error);
        nightlatch::check(status, error);
        return accepted;
    }
    // All secrets as a configuration: a JSON object of texts by keys that are made of their names, without the prefix, and with the
    // separator in place of `--`.
    Resolved loadAll(const std::string &prefix = std::string(), const std::string &separator = ":", Time timeout = Time(0)) const
    {
        return loaded(nullptr, detail::Names({}), prefix, separator, timeout);
    }
    // The same of those that are named: needs the permission to get only.
    Resolved load(const std::vector<std::string> &names, const std::string &prefix = std::string(),
                  const std::string &separator = ":", Time timeout = Time(0)) const
    {
        detail::Names passed(names);
        static const char *const none[] = {""}; // no names are not all
        return loaded(names.empty() ? none : passed.texts.data(), passed, prefix, separator, timeout);
    }
    // Goes the whole way once and tells all that was seen; without a name the list of secrets is tried.
    Report diagnose(const std::string &name = std::string(), const std::string &version = std::string(), Time timeout = Time(0)) const
    {
        return Report(detail::made<nightlatch_report>([&](nightlatch_report **out, nightlatch_error **error) {
            return nightlatch_vault_diagnose(handle(), name.data(), name.size(), version.data(), version.size(),
                                             detail::millis(timeout), out, error);
        }));
    }
    // For readiness probes: whether secrets (without names: the vault) are at hand. Takes 5 s at most unless told otherwise.
    Report check(const std::vector<std::string> &names = std::vector<std::string>(), Time timeout = Time(0)) const
    {
        detail::Names passed(names);
        return Report(detail::made<nightlatch_report>([&](nightlatch_report **out, nightlatch_error **error) {
            return nightlatch_vault_check(handle(), passed.texts.data(), passed.lens.data(), names.size(),
                                          detail::millis(timeout), out, error);
        }));
    }
    // Sources and cost, told without the network.
    Report explain(uint32_t secrets = 1, uint32_t instances = 1) const
    {
        return Report(detail::made<nightlatch_report>([&](nightlatch_report **out, nightlatch_error **error) {
            return nightlatch_vault_explain(handle(), secrets, instances, out, error);
        }));
    }
    nightlatch_vault *handle() const noexcept { return Owner::get(); }

private:
    Resolved loaded(const char *const *texts, const detail::Names &names, const std::string &prefix, const std::string &separator,
                    Time timeout) const
    {
        return Resolved(detail::made<nightlatch_resolved>([&](nightlatch_resolved **out, nightlatch_error **error) {
            return nightlatch_vault_load(handle(), texts, names.lens.data(), names.lens.size(), prefix.data(), prefix.size(),
                                         separator.data(), separator.size(), detail::millis(timeout), out, error);
        }));
    }
    template <typename Function>
    Page page(Function function, const std::string &continuation, uint32_t most, Time timeout) const
    {
        return Page(detail::made<nightlatch_page>([&](nightlatch_page **out, nightlatch_error **error) {
            return function(handle(), continuation.data(), continuation.size(), most, detail::millis(timeout), out, error);
        }));
    }
    template <typename Function>
    Properties changed(Function function, const std::string &name, bool wait, Time timeout) const
    {
        return Properties(detail::made<nightlatch_properties>([&](nightlatch_properties **out, nightlatch_error **error) {
            return function(handle(), name.data(), name.size(), wait, detail::millis(timeout), out, error);
        }));
    }
    template <typename Function>
    bool finished(Function function, const std::string &name, bool wait, Time timeout) const
    {
        bool finished = false;
        nightlatch_error *error = nullptr;
        nightlatch_status status =
            function(handle(), name.data(), name.size(), wait, detail::millis(timeout), &finished, &error);
        nightlatch::check(status, error);
        return finished;
    }
    template <typename Function>
    Secret ask(Function function, const std::string &name, const std::string &version,
               std::chrono::milliseconds timeout) const
    {
        nightlatch_secret *secret = nullptr;
        nightlatch_error *error = nullptr;
        nightlatch_status status = function(handle(), name.data(), name.size(), version.data(), version.size(),
                                            detail::millis(timeout), &secret, &error);
        nightlatch::check(status, error);
        return Secret(secret);
    }
    static nightlatch_vault *make(const Client &client, const std::string &url)
    {
        nightlatch_vault *vault = nullptr;
        nightlatch_error *error = nullptr;
        nightlatch_status status = nightlatch_vault_new(client.get(), url.data(), url.size(), &vault, &error);
        nightlatch::check(status, error);
        return vault;
    }
};

} // namespace nightlatch

#endif
