/*
 * debts.h - holds that our caller has released and that have not found room in the release ring yet.
 *
 * This is why release() never fails for want of room and needs no unbounded memory: every release is for holds that the peer gave us
 * and that we counted, so there is at most one debt for each of its frames. Debts of one frame add up to one number, and a frame stands in the queue once.
 * They are paid, oldest frame first, by every later call on the link, and a link that sleeps with debts asks to be woken when there is room.
 */
#ifndef NX_DEBTS_H
#define NX_DEBTS_H

#include <stdint.h>

#include "nexlink.h"

typedef struct nx_debts {
    uint32_t *owed;  /* holds, by frame of the peer */
    uint32_t *queue; /* the frames that have debts: a ring of frame_count places */
    uint32_t frame_count;
    uint32_t first; /* place of the oldest */
    uint32_t count;
} nx_debts;

int32_t nx_debts_create(uint32_t frame_count, nx_debts *debts);
void nx_debts_destroy(nx_debts *debts);

/* The caller has checked that the holds exist (nx_holds_remove), so that the sum of a frame's debts fits. */
void nx_debts_add(nx_debts *debts, nexlink_release release);

/* Takes the oldest debt; there must be one. */
nexlink_release nx_debts_take(nx_debts *debts);

#endif
