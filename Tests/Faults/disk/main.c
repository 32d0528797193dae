/* A file system with two files: `disk`, which is the disk, for a loop device, and `control`, which takes one command a
 * write and tells the disk's state as JSON.
 *
 *   faultdisk IMAGE MOUNTPOINT SECTOR_BYTES
 *
 * It runs until it is unmounted. See disk.h for what the disk does and disk.c for the commands. */
#define FUSE_USE_VERSION 31
#include "disk.h"

#include <errno.h>
#include <fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DISK "/disk"
#define CONTROL "/control"
#define LINE_BYTES_MAX 511

static int get_attributes(const char *path, struct stat *found, struct fuse_file_info *file) {
    (void)file;
    memset(found, 0, sizeof *found);
    found->st_nlink = 1;
    found->st_mode = S_IFREG | 0600;
    if (!strcmp(path, "/")) found->st_mode = S_IFDIR | 0700;
    else if (!strcmp(path, DISK)) found->st_size = disk_size();
    else if (strcmp(path, CONTROL)) return -ENOENT;
    return 0;
}

static int list(const char *path, void *names, fuse_fill_dir_t add, off_t at, struct fuse_file_info *file,
                enum fuse_readdir_flags flags) {
    (void)path, (void)at, (void)file, (void)flags;
    add(names, DISK + 1, NULL, 0, 0);
    add(names, CONTROL + 1, NULL, 0, 0);
    return 0;
}

static int open_file(const char *path, struct fuse_file_info *file) {
    /* No page cache: every write arrives, and the state is read afresh. */
    file->direct_io = strcmp(path, CONTROL) == 0;
    return 0;
}

static int read_file(const char *path, char *bytes, size_t count, off_t at, struct fuse_file_info *file) {
    (void)file;
    if (strcmp(path, CONTROL)) {
        if (at >= disk_size()) return 0;
        if ((off_t)count > disk_size() - at) count = (size_t)(disk_size() - at);
        int failure = disk_read(bytes, count, at);
        return failure ? failure : (int)count;
    }
    if (at > 0) return 0;
    return disk_report(bytes, count);
}

static int write_file(const char *path, const char *bytes, size_t count, off_t at, struct fuse_file_info *file) {
    (void)file;
    int failure;
    if (strcmp(path, CONTROL)) {
        failure = disk_write(bytes, count, at);
    } else {
        char line[LINE_BYTES_MAX + 1] = {0};
        if (count > LINE_BYTES_MAX) return -EINVAL;
        memcpy(line, bytes, count);
        failure = disk_control(line);
    }
    return failure ? failure : (int)count;
}

static int sync_file(const char *path, int data_only, struct fuse_file_info *file) {
    (void)data_only, (void)file;
    return strcmp(path, DISK) ? 0 : disk_flush();
}

/* Opening `control` to write truncates it. */
static int truncate_file(const char *path, off_t to, struct fuse_file_info *file) {
    (void)to, (void)file;
    return strcmp(path, CONTROL) ? -EPERM : 0;
}

int main(int count, char **words) {
    long sector = count == 4 ? strtol(words[3], NULL, 10) : 0;
    if (sector <= 0) {
        fprintf(stderr, "usage: %s IMAGE MOUNTPOINT SECTOR_BYTES\n", words[0]);
        return 2;
    }
    int failure = disk_open(words[1], (size_t)sector);
    if (failure) {
        fprintf(stderr, "%s: %s\n", words[1], strerror(-failure));
        return 1;
    }
    static const struct fuse_operations operations = {
        .getattr = get_attributes,
        .readdir = list,
        .open = open_file,
        .read = read_file,
        .write = write_file,
        .fsync = sync_file,
        .truncate = truncate_file,
    };
    char *arguments[] = {words[0], "-f", "-o", "fsname=sluice-faultdisk", words[2], NULL};
    return fuse_main(5, arguments, &operations, NULL);
}
