#include "debts.h"

#include <stdlib.h>

#include "error.h"

int32_t nx_debts_create(uint32_t frame_count, nx_debts *debts)
{
    *debts = (nx_debts){
        .owed = calloc(frame_count, sizeof *debts->owed),
        .queue = calloc(frame_count, sizeof *debts->queue),
        .frame_count = frame_count,
    };
    if (debts->owed == NULL || debts->queue == NULL) {
        const int32_t result = nx_fail_system("keeping releases");
        nx_debts_destroy(debts);
        return result;
    }
    return NEXLINK_OK;
}

void nx_debts_destroy(nx_debts *debts)
{
    free(debts->owed);
    free(debts->queue);
    *debts = (nx_debts){.owed = NULL};
}

void nx_debts_add(nx_debts *debts, nexlink_release release)
{
    if (debts->owed[release.frame] == 0) {
        const uint64_t place = (uint64_t)debts->first + debts->count;
        debts->queue[place % debts->frame_count] = release.frame;
        debts->count++;
    }
    debts->owed[release.frame] += release.holds;
}

nexlink_release nx_debts_take(nx_debts *debts)
{
    const uint32_t frame = debts->queue[debts->first];
    const nexlink_release release = {.frame = frame, .holds = debts->owed[frame]};
    debts->owed[frame] = 0;
    debts->first = debts->first + 1 == debts->frame_count ? 0 : debts->first + 1;
    debts->count--;
    return release;
}
