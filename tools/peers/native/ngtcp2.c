/*
 * ngtcp2 with encryption that does nothing: two connections in one thread, each packet handed over in a buffer. The handshake is played: each side's
 * first message is its transport parameters, and all keys are the same nothing.
 */
#include <ngtcp2/ngtcp2.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

enum {
    TAG = 16,                     /* bytes of an AEAD tag: packets keep their real size */
    BURST = 64,                   /* packets before the other side has its turn: the window of this link without delay */
    HANDSHAKE_TURNS = 100,
    PACKET_MAX = 65536,
    PARAMETERS_MAX = 512,
    CID = 8,
    SOURCE = 1 << 20,             /* bytes that are sent over and over; more than is ever unacknowledged at 64 packets of 9000 */
};

#define FLOW_WINDOW ((uint64_t)1 << 30) /* large enough never to be the limit; extended as the application reads */

typedef struct end {
    ngtcp2_conn *connection;
    bool server;
    int64_t stream;
    uint8_t *packets[BURST];
    size_t lengths[BURST];
    /* the application's own memory, and how much of it arrived */
    uint8_t *taken;
    uint64_t bytes;
    bool touch;
} end;

static uint8_t nothing[PARAMETERS_MAX];
static const ngtcp2_crypto_aead_ctx key = {.native_handle = nothing};
static const ngtcp2_crypto_cipher_ctx header_key = {.native_handle = nothing};
static const ngtcp2_crypto_ctx suite = {
    .aead = {.native_handle = nothing, .max_overhead = TAG},
    .md = {.native_handle = nothing},
    .hp = {.native_handle = nothing},
    .max_encryption = UINT64_MAX,
    .max_decryption_failure = UINT64_MAX,
};
enum { NONCE = 12 };

static void check(int64_t outcome, const char *what)
{
    if (outcome < 0) {
        fail(what);
    }
}

static int encrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead, const ngtcp2_crypto_aead_ctx *context, const uint8_t *plain, size_t length,
                   const uint8_t *nonce, size_t nonce_length, const uint8_t *more, size_t more_length)
{
    (void)aead, (void)context, (void)nonce, (void)nonce_length, (void)more, (void)more_length;
    if (dest != plain) {
        memmove(dest, plain, length);
    }
    return 0;
}

/* The library hands over another buffer than the packet, so that one copy is left of decryption. */
static int decrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead, const ngtcp2_crypto_aead_ctx *context, const uint8_t *sealed, size_t length,
                   const uint8_t *nonce, size_t nonce_length, const uint8_t *more, size_t more_length)
{
    (void)aead, (void)context, (void)nonce, (void)nonce_length, (void)more, (void)more_length;
    memmove(dest, sealed, length - TAG);
    return 0;
}

static int header_mask(uint8_t *dest, const ngtcp2_crypto_cipher *cipher, const ngtcp2_crypto_cipher_ctx *context, const uint8_t *sample)
{
    (void)cipher, (void)context, (void)sample;
    memset(dest, 0, NGTCP2_HP_MASKLEN);
    return 0;
}

static int install_initial(ngtcp2_conn *connection)
{
    ngtcp2_conn_set_initial_crypto_ctx(connection, &suite);
    ngtcp2_conn_set_crypto_ctx(connection, &suite);
    return ngtcp2_conn_install_initial_key(connection, &key, nothing, &header_key, &key, nothing, &header_key, NONCE);
}

static int install_handshake(ngtcp2_conn *connection)
{
    const int received = ngtcp2_conn_install_rx_handshake_key(connection, &key, nothing, NONCE, &header_key);
    return received != 0 ? received : ngtcp2_conn_install_tx_handshake_key(connection, &key, nothing, NONCE, &header_key);
}

static int install_rx(ngtcp2_conn *connection)
{
    return ngtcp2_conn_install_rx_key(connection, nothing, NONCE, &key, nothing, NONCE, &header_key);
}

static int install_tx(ngtcp2_conn *connection)
{
    return ngtcp2_conn_install_tx_key(connection, nothing, NONCE, &key, nothing, NONCE, &header_key);
}

/* The library keeps a pointer to what it is given here, so each end has its own. */
static int submit_parameters(ngtcp2_conn *connection, ngtcp2_crypto_level level, uint8_t *memory)
{
    const ngtcp2_ssize length = ngtcp2_conn_encode_local_transport_params(connection, memory, PARAMETERS_MAX);
    return length < 0 ? (int)length : ngtcp2_conn_submit_crypto_data(connection, level, memory, (size_t)length);
}

static int client_initial(ngtcp2_conn *connection, void *self)
{
    static uint8_t hello[PARAMETERS_MAX];
    (void)self;
    const int installed = install_initial(connection);
    return installed != 0 ? installed : submit_parameters(connection, NGTCP2_CRYPTO_LEVEL_INITIAL, hello);
}

static int receive_client_initial(ngtcp2_conn *connection, const ngtcp2_cid *cid, void *self)
{
    (void)cid, (void)self;
    return install_initial(connection);
}

static int server_hello(ngtcp2_conn *connection, const uint8_t *data, size_t length)
{
    static uint8_t answer[PARAMETERS_MAX];
    if (ngtcp2_conn_decode_remote_transport_params(connection, data, length) != 0 ||
        ngtcp2_conn_submit_crypto_data(connection, NGTCP2_CRYPTO_LEVEL_INITIAL, nothing, 1) != 0 || install_handshake(connection) != 0 ||
        submit_parameters(connection, NGTCP2_CRYPTO_LEVEL_HANDSHAKE, answer) != 0 || install_tx(connection) != 0) {
        return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    return 0;
}

static int finish(ngtcp2_conn *connection, bool server, const uint8_t *data, size_t length)
{
    if (!server && (ngtcp2_conn_decode_remote_transport_params(connection, data, length) != 0 ||
                    ngtcp2_conn_submit_crypto_data(connection, NGTCP2_CRYPTO_LEVEL_HANDSHAKE, nothing, 1) != 0 || install_tx(connection) != 0)) {
        return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    if (install_rx(connection) != 0) {
        return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    ngtcp2_conn_handshake_completed(connection);
    return 0;
}

static int receive_crypto(ngtcp2_conn *connection, ngtcp2_crypto_level level, uint64_t offset, const uint8_t *data, size_t length, void *self)
{
    const bool server = ((const end *)self)->server;
    (void)offset;
    if (level == NGTCP2_CRYPTO_LEVEL_INITIAL) {
        return server ? server_hello(connection, data, length) : install_handshake(connection);
    }
    return finish(connection, server, data, length);
}

static int receive_data(ngtcp2_conn *connection, uint32_t flags, int64_t stream, uint64_t offset, const uint8_t *data, size_t length, void *self,
                        void *stream_self)
{
    end *to = self;
    (void)flags, (void)offset, (void)stream_self;
    memcpy(to->taken, data, length);
    if (to->touch) {
        touch_read(to->taken, length);
    }
    to->bytes += length;
    ngtcp2_conn_extend_max_offset(connection, length);
    return ngtcp2_conn_extend_max_stream_offset(connection, stream, length);
}

static void random_bytes(uint8_t *dest, size_t length, const ngtcp2_rand_ctx *context)
{
    (void)context;
    for (size_t i = 0; i < length; i++) {
        dest[i] = (uint8_t)rand();
    }
}

static int new_cid(ngtcp2_conn *connection, ngtcp2_cid *cid, uint8_t *token, size_t length, void *self)
{
    (void)connection, (void)self;
    cid->datalen = length;
    random_bytes(cid->data, length, NULL);
    random_bytes(token, NGTCP2_STATELESS_RESET_TOKENLEN, NULL);
    return 0;
}

static int challenge(ngtcp2_conn *connection, uint8_t *data, void *self)
{
    (void)connection, (void)self;
    random_bytes(data, NGTCP2_PATH_CHALLENGE_DATALEN, NULL);
    return 0;
}

static int update_key(ngtcp2_conn *connection, uint8_t *rx_secret, uint8_t *tx_secret, ngtcp2_crypto_aead_ctx *rx, uint8_t *rx_iv,
                      ngtcp2_crypto_aead_ctx *tx, uint8_t *tx_iv, const uint8_t *old_rx, const uint8_t *old_tx, size_t length, void *self)
{
    (void)connection, (void)rx_secret, (void)tx_secret, (void)rx_iv, (void)tx_iv, (void)old_rx, (void)old_tx, (void)length, (void)self;
    *rx = key;
    *tx = key;
    return 0;
}

static int receive_retry(ngtcp2_conn *connection, const ngtcp2_pkt_hd *header, void *self)
{
    (void)connection, (void)header, (void)self;
    return NGTCP2_ERR_CALLBACK_FAILURE; /* nobody sends one */
}

static int negotiate(ngtcp2_conn *connection, uint32_t version, const ngtcp2_cid *cid, void *self)
{
    (void)connection, (void)version, (void)cid, (void)self;
    return NGTCP2_ERR_CALLBACK_FAILURE; /* both know version 1 */
}

static void delete_key(ngtcp2_conn *connection, ngtcp2_crypto_aead_ctx *context, void *self)
{
    (void)connection, (void)context, (void)self;
}

static void delete_header_key(ngtcp2_conn *connection, ngtcp2_crypto_cipher_ctx *context, void *self)
{
    (void)connection, (void)context, (void)self;
}

static const ngtcp2_callbacks callbacks = {
    .client_initial = client_initial,
    .recv_client_initial = receive_client_initial,
    .recv_crypto_data = receive_crypto,
    .encrypt = encrypt,
    .decrypt = decrypt,
    .hp_mask = header_mask,
    .recv_stream_data = receive_data,
    .recv_retry = receive_retry,
    .rand = random_bytes,
    .get_new_connection_id = new_cid,
    .update_key = update_key,
    .delete_crypto_aead_ctx = delete_key,
    .delete_crypto_cipher_ctx = delete_header_key,
    .get_path_challenge_data = challenge,
    .version_negotiation = negotiate,
};

static ngtcp2_sockaddr_in addresses[2] = {{.sin_family = AF_INET, .sin_port = 1}, {.sin_family = AF_INET, .sin_port = 2}};

static ngtcp2_path path_of(bool server)
{
    const ngtcp2_addr here = {.addr = (ngtcp2_sockaddr *)&addresses[server ? 1 : 0], .addrlen = sizeof addresses[0]};
    const ngtcp2_addr there = {.addr = (ngtcp2_sockaddr *)&addresses[server ? 0 : 1], .addrlen = sizeof addresses[0]};
    return (ngtcp2_path){.local = here, .remote = there};
}

static void open_end(end *self, const options *asked, bool server)
{
    static const ngtcp2_cid original = {.datalen = CID, .data = {1}};
    static const ngtcp2_cid client = {.datalen = CID, .data = {2}};
    static const ngtcp2_cid serving = {.datalen = CID, .data = {3}};
    ngtcp2_settings settings;
    ngtcp2_settings_default(&settings);
    settings.initial_ts = (ngtcp2_tstamp)now_ns();
    settings.max_tx_udp_payload_size = asked->size;
    settings.no_tx_udp_payload_size_shaping = 1;
    settings.no_pmtud = 1;
    if (asked->ack_every != 0) {
        settings.ack_thresh = asked->ack_every;
    }
    ngtcp2_transport_params parameters;
    ngtcp2_transport_params_default(&parameters);
    parameters.initial_max_stream_data_uni = FLOW_WINDOW;
    parameters.initial_max_data = FLOW_WINDOW;
    parameters.initial_max_streams_uni = 1;
    const ngtcp2_path path = path_of(server);
    *self = (end){.server = server, .stream = -1, .touch = asked->touch, .taken = malloc(PACKET_MAX)};
    for (size_t i = 0; i < BURST; i++) {
        self->packets[i] = malloc(asked->size);
    }
    if (server) {
        parameters.original_dcid = original;
        check(ngtcp2_conn_server_new(&self->connection, &client, &serving, &path, NGTCP2_PROTO_VER_V1, &callbacks, &settings, &parameters, NULL, self),
              "server");
    } else {
        check(ngtcp2_conn_client_new(&self->connection, &original, &client, &path, NGTCP2_PROTO_VER_V1, &callbacks, &settings, &parameters, NULL, self),
              "client");
    }
}

/* What the end sends in one turn, from a source that has always more; how many packets carried data comes back in data_packets. */
static size_t write_packets(end *self, const options *asked, uint8_t *source, uint64_t *sent, size_t *data_packets)
{
    const ngtcp2_tstamp now = (ngtcp2_tstamp)now_ns();
    size_t count = 0;
    *data_packets = 0;
    while (count < BURST) {
        const size_t at = (size_t)(*sent % SOURCE);
        const size_t room = SOURCE - at < asked->size ? SOURCE - at : asked->size;
        const ngtcp2_vec data = {.base = source + at, .len = room};
        ngtcp2_ssize taken = -1;
        if (self->stream >= 0 && asked->touch) {
            touch_write(source + at, room, (uint8_t)count);
        }
        const ngtcp2_ssize length = ngtcp2_conn_writev_stream(self->connection, NULL, NULL, self->packets[count], asked->size, &taken,
                                                               NGTCP2_WRITE_STREAM_FLAG_NONE, self->stream, &data, self->stream >= 0 ? 1 : 0, now);
        check(length, "writev_stream");
        if (length == 0) {
            break;
        }
        if (taken > 0) {
            *sent += (uint64_t)taken;
            (*data_packets)++;
        }
        self->lengths[count++] = (size_t)length;
    }
    ngtcp2_conn_update_pkt_tx_time(self->connection, now);
    return count;
}

static void read_packets(end *to, const end *from, size_t first, size_t count)
{
    const ngtcp2_path path = path_of(to->server);
    const ngtcp2_tstamp now = (ngtcp2_tstamp)now_ns();
    for (size_t i = first; i < first + count; i++) {
        check(ngtcp2_conn_read_pkt(to->connection, &path, NULL, from->packets[i], from->lengths[i], now), "read_pkt");
    }
}

static void expire(end *self)
{
    const ngtcp2_tstamp now = (ngtcp2_tstamp)now_ns();
    if (ngtcp2_conn_get_expiry(self->connection) <= now) {
        check(ngtcp2_conn_handle_expiry(self->connection, now), "handle_expiry");
    }
}

typedef struct count {
    uint64_t sent;
    uint64_t data;
    uint64_t acks;
} count;

/* The sender writes, the receiver reads and answers whenever an acknowledgement can be due, the sender reads. */
static void turn(end *sender, end *receiver, const options *asked, uint8_t *source, count *counted)
{
    const size_t step = asked->ack_every != 0 ? asked->ack_every : BURST;
    size_t data;
    uint64_t none = 0;
    const size_t sent = write_packets(sender, asked, source, &counted->sent, &data);
    counted->data += data;
    for (size_t first = 0; first < sent; first += step) {
        read_packets(receiver, sender, first, sent - first < step ? sent - first : step);
        const size_t answers = write_packets(receiver, asked, source, &none, &data);
        counted->acks += answers;
        read_packets(sender, receiver, 0, answers);
    }
    expire(sender);
    expire(receiver);
    /* What a timer has made due. */
    const size_t late = write_packets(receiver, asked, source, &none, &data);
    counted->acks += late;
    read_packets(sender, receiver, 0, late);
}

int main(int argc, char **argv)
{
    const options asked = options_parse(argc, argv, "stream");
    if (strcmp(asked.kind, "stream") != 0 || asked.size < NGTCP2_MAX_UDP_PAYLOAD_SIZE || asked.size > PACKET_MAX) {
        fail("stream, with packets of 1200 to 65536 bytes");
    }
    end sender;
    end receiver;
    open_end(&sender, &asked, false);
    open_end(&receiver, &asked, true);
    uint8_t *source = calloc(1, SOURCE);
    count counted = {0};
    for (int i = 0; i < HANDSHAKE_TURNS && !ngtcp2_conn_get_handshake_completed(receiver.connection); i++) {
        turn(&sender, &receiver, &asked, source, &counted);
    }
    check(ngtcp2_conn_open_uni_stream(sender.connection, &sender.stream, NULL), "the handshake did not complete");
    const int64_t begin = now_ns();
    const int64_t end_ns = begin + (int64_t)(asked.seconds * (double)NS_PER_S);
    counted = (count){0};
    while (now_ns() < end_ns) {
        turn(&sender, &receiver, &asked, source, &counted);
    }
    result_print(&asked, &(result){.peer = "ngtcp2",
                                   .elapsed_ns = now_ns() - begin,
                                   .bytes = receiver.bytes,
                                   .packets = counted.data,
                                   .acks = counted.acks});
    return 0;
}
