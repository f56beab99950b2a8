#include "holds.h"

#include <stdlib.h>

#include "error.h"

int32_t nx_holds_create(uint32_t frame_count, nx_holds *holds)
{
    *holds = (nx_holds){.counts = calloc(frame_count, sizeof *holds->counts), .frame_count = frame_count, .swept = 0};
    return holds->counts != NULL ? NEXLINK_OK : nx_fail_system("counting holds");
}

void nx_holds_destroy(nx_holds *holds)
{
    free(holds->counts);
    *holds = (nx_holds){.counts = NULL, .frame_count = 0, .swept = 0};
}

bool nx_holds_valid(const nx_holds *holds, uint32_t frame_size, const nexlink_descriptor *descriptor)
{
    if (descriptor->head_length > NEXLINK_HEAD_CAPACITY || descriptor->slice_count > NEXLINK_SLICES_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < descriptor->slice_count; i++) {
        const nexlink_slice slice = descriptor->slices[i];
        if (slice.frame >= holds->frame_count || slice.offset > frame_size || slice.length > frame_size - slice.offset
            || holds->counts[slice.frame] > UINT32_MAX - NEXLINK_SLICES_MAX) {
            return false;
        }
    }
    return true;
}

void nx_holds_add(nx_holds *holds, const nexlink_descriptor *descriptor)
{
    for (uint32_t i = 0; i < descriptor->slice_count; i++) {
        holds->counts[descriptor->slices[i].frame]++;
    }
}

bool nx_holds_remove(nx_holds *holds, nexlink_release release)
{
    if (release.frame >= holds->frame_count || release.holds == 0 || release.holds > holds->counts[release.frame]) {
        return false;
    }
    holds->counts[release.frame] -= release.holds;
    return true;
}

bool nx_holds_remove_all(nx_holds *holds, const nexlink_release *releases, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!nx_holds_remove(holds, releases[i])) {
            while (i-- > 0) {
                holds->counts[releases[i].frame] += releases[i].holds;
            }
            return false;
        }
    }
    return true;
}

uint32_t nx_holds_sweep(nx_holds *holds, nexlink_release *releases, uint32_t count)
{
    uint32_t found = 0;
    for (; found < count && holds->swept < holds->frame_count; holds->swept++) {
        const uint32_t outstanding = holds->counts[holds->swept];
        if (outstanding != 0) {
            releases[found++] = (nexlink_release){.frame = holds->swept, .holds = outstanding};
            holds->counts[holds->swept] = 0;
        }
    }
    return found;
}
