/* Looks for a text in all writable memory of this process. */
#ifndef SCAN_H
#define SCAN_H

#include "check.h"

/* Counts occurrences of a text, given reversed. */
static int count(const char *here, size_t size, const char *reversed, size_t len)
{
    const char *end = here + size;
    int found = 0;
    while ((here = (const char *)memchr(here, reversed[len - 1], (size_t)(end - here))) != NULL) {
        size_t same = 0, left = (size_t)(end - here);
        while (same < len && same < left && here[same] == reversed[len - 1 - same])
            same++;
        found += same == len;
        here++;
    }
    return found;
}

/* The same in all writable memory of the process. */
static int count_in_memory(const char *reversed, size_t len)
{
    FILE *maps = fopen("/proc/self/maps", "r"), *memory = fopen("/proc/self/mem", "rb");
    char line[512];
    int found = 0;
    static char window[1 << 16];
    CHECK(maps != NULL && memory != NULL);
    setvbuf(memory, NULL, _IONBF, 0);
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        unsigned long from, to;
        char rights[8];
        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || strchr(rights, 'w') == NULL)
            continue;
#ifdef __SANITIZE_ADDRESS__
        if (to - from > 1UL << 30)
            continue; /* the sanitizer's own notes, of terabytes: they hold no byte of the program */
#endif
        for (unsigned long at = from, end, next; at < to; at = next) {
            const unsigned long own = (unsigned long)window; /* not this very window */
            size_t got;
            end = to - at < sizeof window ? to : at + sizeof window;
            if (at < own && own < end)
                end = own;
            next = end == own || end == to ? end : end - (len - 1);
            if (at >= own && at < own + sizeof window)
                next = own + sizeof window;
            else if (fseek(memory, (long)at, SEEK_SET) == 0 && (got = fread(window, 1, end - at, memory)) >= len)
                found += count(window, got, reversed, len);
        }
    }
    memset(window, 0, sizeof window);
    fclose(maps), fclose(memory);
    return found;
}

/* Half of a text is enough to be found; it is looked for backwards so that the needle does not find itself. */
static int leaks(const char *reversed)
{
    size_t len = strlen(reversed);
    return count_in_memory(reversed, len < 16 ? len : 16);
}

#endif
