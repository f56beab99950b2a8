#include "segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008u /* Linux 6.3, include/uapi/linux/memfd.h */
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010 /* Linux 5.1, include/uapi/linux/fcntl.h */
#endif

enum {
    STAT_BLOCK_SIZE = 512,          /* the unit of st_blocks, stat(2) */
    POPULATE_STEP = 4 * 1024 * 1024 /* fallocate() undoes a whole step when a signal comes: steps of about a millisecond always finish */
};

static const int SEALS_REQUIRED = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE;

static int create_memfd(const char *label)
{
    /* Hosts with vm.memfd_noexec=2 allow only memory that can never be executed; kernels before 6.3 do not know the flag. */
    int descriptor = memfd_create(label, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
    if (descriptor < 0 && errno == EINVAL) {
        descriptor = memfd_create(label, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    }
    return descriptor;
}

/* What the kernel believes it can give without pushing anybody else out: MemAvailable, proc_meminfo(5). */
static uint64_t memory_available(void)
{
    unsigned long long available_kib = 0;
    FILE *meminfo = fopen("/proc/meminfo", "re");
    if (meminfo != NULL) {
        char line[128];
        while (fgets(line, sizeof line, meminfo) != NULL && sscanf(line, "MemAvailable: %llu kB", &available_kib) != 1) {
        }
        (void)fclose(meminfo);
    }
    return available_kib * 1024;
}

static int32_t populate(int descriptor, size_t size)
{
    for (size_t offset = 0; offset < size;) {
        const size_t step = size - offset < POPULATE_STEP ? size - offset : POPULATE_STEP;
        if (fallocate(descriptor, 0, (off_t)offset, (off_t)step) == 0) {
            offset += step;
        } else if (errno != EINTR) {
            return nx_fail_system("reserving memory (fallocate)");
        }
    }
    return NEXLINK_OK;
}

static int reopen_read_only(int descriptor)
{
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* Everything that needs the writable descriptor; the caller closes it, because the writable mapping does not need it. */
static int32_t prepare(int descriptor, size_t size, nx_segment *segment)
{
    if (ftruncate(descriptor, (off_t)size) != 0) {
        return nx_fail_system("sizing a segment (ftruncate)");
    }
    const int32_t result = populate(descriptor, size);
    if (result != NEXLINK_OK) {
        return result;
    }
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (memory == MAP_FAILED) {
        return nx_fail_system("mapping a segment (mmap)");
    }
    segment->memory = memory;
    segment->size = size;
    if (fcntl(descriptor, F_ADD_SEALS, SEALS_REQUIRED | F_SEAL_SEAL) != 0) {
        return nx_fail_system("sealing a segment (F_ADD_SEALS)");
    }
    segment->descriptor = reopen_read_only(descriptor);
    return segment->descriptor >= 0 ? NEXLINK_OK : nx_fail_system("reopening a segment read-only");
}

int32_t nx_segment_create(const char *label, size_t size, nx_segment *segment)
{
    *segment = NX_SEGMENT_NONE;
    /* A memfd is not charged against the overcommit limit: filling one that is too large ends with the OOM killer, which takes whom it likes. */
    if (size > memory_available()) {
        return nx_fail(NEXLINK_ENOMEM, "the segment is larger than the memory that is available");
    }
    const int descriptor = create_memfd(label);
    if (descriptor < 0) {
        return nx_fail_system("creating a segment (memfd_create)");
    }
    const int32_t result = prepare(descriptor, size, segment);
    (void)close(descriptor);
    if (result != NEXLINK_OK) {
        nx_segment_destroy(segment);
    }
    return result;
}

int32_t nx_segment_open(int descriptor, size_t size_min, size_t size_max, nx_segment *segment)
{
    *segment = NX_SEGMENT_NONE;
    const int seals = fcntl(descriptor, F_GET_SEALS);
    if (seals < 0 || (seals & SEALS_REQUIRED) != SEALS_REQUIRED) {
        return nx_fail(NEXLINK_EPEER, "the peer's segment is not sealed against change of size and later writers");
    }
    /* Sealed first, measured second: from here on the size and the pages stay. */
    struct stat status;
    if (fstat(descriptor, &status) != 0) {
        return nx_fail_system("measuring the peer's segment (fstat)");
    }
    if (status.st_size < 0 || (size_t)status.st_size < size_min || (size_t)status.st_size > size_max) {
        return nx_fail(NEXLINK_EPEER, "the peer's segment has another size than it says");
    }
    const size_t size = (size_t)status.st_size;
    if ((uint64_t)status.st_blocks < size / STAT_BLOCK_SIZE) {
        return nx_fail(NEXLINK_EPEER, "the peer's segment has holes"); /* reading them would allocate memory on our account */
    }
    void *memory = mmap(NULL, size, PROT_READ, MAP_SHARED, descriptor, 0);
    if (memory == MAP_FAILED) {
        return nx_fail_system("mapping the peer's segment (mmap)");
    }
    segment->memory = memory;
    segment->size = size;
    return NEXLINK_OK;
}

void nx_segment_destroy(nx_segment *segment)
{
    if (segment->memory != NULL) {
        (void)munmap(segment->memory, segment->size);
    }
    if (segment->descriptor >= 0) {
        (void)close(segment->descriptor);
    }
    *segment = NX_SEGMENT_NONE;
}
