// Prints a secret, through whatever identity this host has, in C++.
#include <cstdio>
#include <nightlatch.hpp>
#include <nightlatch_curl.h>

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    try {
        nightlatch_vault *opened = nullptr;
        nightlatch_error *error = nullptr;
        nightlatch_status status = nightlatch_curl_open(nullptr, NIGHTLATCH_TEXT(argv[1]), &opened, &error);
        nightlatch::check(status, error);
        nightlatch::Vault vault(opened);
        std::puts(vault.get(argv[2]).data());
    } catch (const nightlatch::Error &error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
