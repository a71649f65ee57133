/* Looks for a text in all writable memory of this process. */
#ifndef SCAN_H
#define SCAN_H

#include "check.h"

/* Counts occurrences of a text, given reversed, in all writable memory of the process. */
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
        for (unsigned long at = from; at < to; at += sizeof window - 64) {
            size_t wanted = to - at < sizeof window ? to - at : sizeof window, got;
            if (at <= (unsigned long)window && (unsigned long)window < at + wanted)
                wanted = (unsigned long)window - at; /* not this very window */
            if (fseek(memory, (long)at, SEEK_SET) != 0 || (got = fread(window, 1, wanted, memory)) < len)
                continue;
            const char *end = window + got, *here = window;
            while ((here = (const char *)memchr(here, reversed[len - 1], (size_t)(end - here))) != NULL) {
                size_t same = 0, left = (size_t)(end - here);
                while (same < len && same < left && here[same] == reversed[len - 1 - same])
                    same++;
                found += same == len;
                here++;
            }
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
