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
    explicit Client(const Host &host, const Config &config = Config()) : Client(host.table(), config) {}
    explicit Client(const nightlatch_host &host, const Config &config = Config()) : Owner(make(host, config)) {}

    void invalidateAll() { check(nightlatch_client_invalidate_all(get())); }

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
        check(nightlatch_vault_invalidate(handle(), name.data(), name.size(), version.data(), version.size()));
    }
    nightlatch_vault *handle() const noexcept { return Owner::get(); }

private:
    template <typename Function>
    Secret ask(Function function, const std::string &name, const std::string &version,
               std::chrono::milliseconds timeout) const
    {
        nightlatch_secret *secret = nullptr;
        nightlatch_error *error = nullptr;
        nightlatch_status status = function(handle(), name.data(), name.size(), version.data(), version.size(),
                                            detail::millis(timeout), &secret, &error);
        check(status, error);
        return Secret(secret);
    }
    static nightlatch_vault *make(const Client &client, const std::string &url)
    {
        nightlatch_vault *vault = nullptr;
        nightlatch_error *error = nullptr;
        nightlatch_status status = nightlatch_vault_new(client.get(), url.data(), url.size(), &vault, &error);
        check(status, error);
        return vault;
    }
};

} // namespace nightlatch

#endif
