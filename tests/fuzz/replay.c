/* SPDX-License-Identifier: BSD-3-Clause */
/* Where there is no fuzzer: runs a target once on every file of the given directories. */
#include "fuzz.h"

#include <dirent.h>

#define INPUT_MAX 65536u

static int run_file(const char *path)
{
    static uint8_t bytes[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    uint8_t *copy;
    size_t n;

    if (file == NULL) {
        perror(path);
        return -1;
    }
    n = fread(bytes, 1, sizeof(bytes), file);
    (void)fclose(file);
    /* Its own block, so that a read beyond the end is one. */
    copy = malloc(n + 1);
    if (copy == NULL) {
        return -1;
    }
    memcpy(copy, bytes, n);
    (void)LLVMFuzzerTestOneInput(copy, n);
    free(copy);
    return 0;
}

static int run_folder(const char *folder)
{
    char path[4096];
    struct dirent *entry;
    DIR *dir = opendir(folder);
    int files = 0;

    if (dir == NULL) {
        perror(folder);
        return -1;
    }
    while (files >= 0 && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        files = run_file(path) == 0 ? files + 1 : -1;
    }
    (void)closedir(dir);
    return files;
}

int main(int argc, char **argv)
{
    int total = 0;

    for (int i = 1; i < argc; i++) {
        int files = run_folder(argv[i]);

        if (files < 0) {
            return 1;
        }
        total += files;
    }
    printf("replayed %d inputs\n", total);
    return total > 0 ? 0 : 1;
}
