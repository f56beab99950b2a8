#include "transfer.h"

#include <string.h>

static bool still_matches(const reader *self, const held *item)
{
    return payload_matches(self->memory + (size_t)item->slice.frame * FRAME_SIZE + item->slice.offset, item->slice.length, item->number);
}

reader reader_over(nexlink_link *link)
{
    nexlink_link_info info = {.peer_memory = NULL};
    (void)api->link_info(link, &info);
    return (reader){.link = link, .memory = info.peer_memory};
}

bool reader_return(reader *self, uint64_t count)
{
    for (; count > 0; count--) {
        const held *oldest = &self->held[self->returned % HELD_MAX];
        const nexlink_release release = {.frame = oldest->slice.frame, .holds = 1};
        if (!still_matches(self, oldest) || api->release(self->link, &release, 1) != 1) {
            return false;
        }
        self->returned++;
    }
    return true;
}

bool reader_take(reader *self)
{
    nexlink_descriptor burst[BURST];
    const int32_t count = api->receive(self->link, burst, BURST);
    if (count == 0) {
        return api->wait(self->link, PATIENCE_NS) > 0;
    }
    for (int32_t i = 0; i < count; i++) {
        if (self->taken - self->returned == HELD_MAX && !reader_return(self, HELD_MAX / 3)) {
            return false;
        }
        held *item = &self->held[self->taken % HELD_MAX];
        item->slice = burst[i].slices[0];
        memcpy(&item->number, burst[i].head, sizeof item->number);
        if (item->number != self->taken || !still_matches(self, item)) {
            return false;
        }
        self->taken++;
    }
    return count > 0;
}

int32_t writer_refill(writer *self)
{
    nexlink_release releases[BURST];
    const int32_t count = api->reclaim(self->link, releases, BURST);
    for (int32_t i = 0; i < count; i++) {
        self->free_frames[self->free_count++] = releases[i].frame; /* one slice a frame: one hold frees it */
    }
    return count;
}

static int32_t write_burst(writer *self, uint64_t until)
{
    nexlink_descriptor burst[BURST];
    uint32_t count = 0;
    for (; count < BURST && count < self->free_count && self->sent + count < until; count++) {
        const uint64_t number = self->sent + count;
        const uint32_t frame = self->free_frames[self->free_count - 1 - count];
        const uint32_t length = PAYLOAD_SIZE_MIN + (uint32_t)(number % 113);
        const uint32_t offset = (uint32_t)(number % 7) * 64;
        payload_fill(self->memory + (size_t)frame * FRAME_SIZE + offset, length, number);
        burst[count] = one_slice(frame, offset, length);
        burst[count].head_length = sizeof number;
        memcpy(burst[count].head, &number, sizeof number);
    }
    const int32_t sent = count == 0 ? 0 : api->send(self->link, burst, count);
    if (sent > 0) {
        self->sent += (uint64_t)sent;
        self->free_count -= (uint32_t)sent;
    }
    return sent;
}

int32_t writer_run(writer *self, uint64_t until)
{
    while (self->sent < until) {
        const int32_t reclaimed = writer_refill(self);
        const int32_t sent = write_burst(self, until);
        if (sent < 0) {
            return sent;
        }
        if (sent == 0 && reclaimed == 0) {
            const int32_t waited = api->wait(self->link, PATIENCE_NS);
            if (waited <= 0) {
                return waited < 0 ? waited : NEXLINK_EAGAIN;
            }
        }
    }
    return NEXLINK_OK;
}

writer writer_over(nexlink_arena *arena, nexlink_link *link)
{
    nexlink_arena_info info;
    (void)api->arena_info(arena, &info);
    writer self = {.link = link, .memory = info.memory, .free_count = FRAME_COUNT};
    for (uint32_t i = 0; i < FRAME_COUNT; i++) {
        self.free_frames[i] = i;
    }
    return self;
}
