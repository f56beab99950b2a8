/* The ends of a ring: empty, full, wrap-around, positions that cannot be. */
#include "harness.h"
#include "nexlink.h"
#include "ring.h"

/* Both ends' positions, which in a link lie in two segments. */
typedef struct ring {
    _Atomic uint64_t published;
    _Atomic uint64_t consumed;
    nx_producer producer;
    nx_consumer consumer;
} ring;

static void ring_at(ring *self, uint64_t position, uint32_t capacity)
{
    atomic_init(&self->published, position);
    atomic_init(&self->consumed, position);
    self->producer = (nx_producer){
        .published = &self->published, .consumed = &self->consumed, .next = position, .consumed_seen = position, .capacity = capacity};
    self->consumer = (nx_consumer){
        .consumed = &self->consumed, .published = &self->published, .next = position, .published_seen = position, .capacity = capacity};
}

static void empty_ring_has_all_the_room_and_nothing_to_read(void)
{
    ring self;
    ring_at(&self, 0, 8);
    CHECK_EQUAL(nx_producer_room(&self.producer, 8), 8);
    CHECK_EQUAL(nx_producer_room(&self.producer, 100), 8);
    CHECK_EQUAL(nx_producer_room(&self.producer, 3), 3);
    CHECK_EQUAL(nx_consumer_available(&self.consumer, 8), 0);
}

static void full_ring_has_no_room_until_something_is_read(void)
{
    ring self;
    ring_at(&self, 0, 8);
    nx_producer_publish(&self.producer, 8);
    CHECK_EQUAL(nx_producer_room(&self.producer, 1), 0);
    CHECK_EQUAL(nx_consumer_available(&self.consumer, 100), 8);
    nx_consumer_advance(&self.consumer, 1);
    CHECK_EQUAL(nx_producer_room(&self.producer, 8), 1);
    nx_producer_publish(&self.producer, 1);
    CHECK_EQUAL(nx_producer_room(&self.producer, 1), 0);
    nx_consumer_advance(&self.consumer, 7);
    CHECK_EQUAL(nx_consumer_available(&self.consumer, 8), 1);
}

static void slots_wrap_around_in_order(void)
{
    /* Uneven batches over every capacity, from positions where 32 bits of the position wrap. */
    for (uint32_t capacity = 1; capacity <= 16; capacity *= 2) {
        ring self;
        uint64_t slots[16];
        ring_at(&self, UINT32_MAX - 20, capacity);
        uint64_t written = 0;
        uint64_t read = 0;
        for (uint32_t turn = 0; read < 500; turn++) {
            const int32_t room = nx_producer_room(&self.producer, 1 + turn % 5);
            CHECK(room >= 0);
            for (uint32_t i = 0; i < (uint32_t)room; i++) {
                slots[nx_producer_slot(&self.producer, i)] = written++;
            }
            nx_producer_publish(&self.producer, (uint32_t)room);
            const int32_t available = nx_consumer_available(&self.consumer, 1 + turn % 3);
            CHECK(available >= 0);
            for (uint32_t i = 0; i < (uint32_t)available; i++) {
                CHECK_EQUAL(slots[nx_consumer_slot(&self.consumer, i)], read);
                read++;
            }
            nx_consumer_advance(&self.consumer, (uint32_t)available);
        }
    }
}

static void consumer_that_moves_backwards_is_found_out(void)
{
    ring self;
    ring_at(&self, 100, 8);
    nx_producer_publish(&self.producer, 8);
    atomic_store(&self.consumed, 104);
    CHECK_EQUAL(nx_producer_room(&self.producer, 8), 4);
    nx_producer_publish(&self.producer, 4);
    atomic_store(&self.consumed, 103);
    CHECK_EQUAL(nx_producer_room(&self.producer, 1), NEXLINK_EPEER);
}

static void consumer_ahead_of_the_producer_is_found_out(void)
{
    ring self;
    ring_at(&self, 100, 8);
    nx_producer_publish(&self.producer, 8);
    atomic_store(&self.consumed, 109);
    CHECK_EQUAL(nx_producer_room(&self.producer, 1), NEXLINK_EPEER);
    atomic_store(&self.consumed, UINT64_MAX);
    CHECK_EQUAL(nx_producer_room(&self.producer, 1), NEXLINK_EPEER);
    atomic_store(&self.consumed, 108);
    CHECK_EQUAL(nx_producer_room(&self.producer, 1), 1);
}

static void producer_that_moves_backwards_is_found_out(void)
{
    ring self;
    ring_at(&self, 100, 8);
    atomic_store(&self.published, 99);
    CHECK_EQUAL(nx_consumer_available(&self.consumer, 1), NEXLINK_EPEER);
    atomic_store(&self.published, 0);
    CHECK_EQUAL(nx_consumer_available(&self.consumer, 1), NEXLINK_EPEER);
}

static void producer_beyond_the_capacity_is_found_out(void)
{
    ring self;
    ring_at(&self, 100, 8);
    atomic_store(&self.published, 109);
    CHECK_EQUAL(nx_consumer_available(&self.consumer, 1), NEXLINK_EPEER);
    atomic_store(&self.published, 108);
    CHECK_EQUAL(nx_consumer_available(&self.consumer, 100), 8);
}

int main(void)
{
    RUN(empty_ring_has_all_the_room_and_nothing_to_read);
    RUN(full_ring_has_no_room_until_something_is_read);
    RUN(slots_wrap_around_in_order);
    RUN(consumer_that_moves_backwards_is_found_out);
    RUN(consumer_ahead_of_the_producer_is_found_out);
    RUN(producer_that_moves_backwards_is_found_out);
    RUN(producer_beyond_the_capacity_is_found_out);
    FINISH();
}
