-- NexStream over NexLink over UDP, for Wireshark and tshark (4.0 and later). docs/wire-format.md specifies what is read here, byte by byte;
-- docs/observability.md says how to install this. What the specification forbids is marked as an expert error of the group Malformed.

local nexstream = Proto("nexstream", "NexStream")

local LINK_HEADER = 48
local PACKET_HEADER = 16
local FRAME_HEADER = 4
local VERSION = 1
local ACK_NOW = 0x01

-- docs/wire-format.md, "NexLink header" and "PATH_OFFER": what a reader refuses.
local FRAME_LENGTH_MIN = 1200
local WINDOW_SCALE_MAX = 14
local COOKIE_MAX = 64
local PRIORITY_MAX = 15
local GROUP_SIZE_MAX = 64
local ACK_RANGES_MAX = 32
local NACK_RANGES_MAX = 64
local HALF_CIRCLE = 2 ^ 31
local CIRCLE = 2 ^ 32

local DATA, REPAIR, PADDING = 0x08, 0x25, 0x09
local STREAM_DATA, STREAM_CONTROL = 0x0006, 0x0007

local frame_names = {
    [0x01] = "CONN_INIT", [0x02] = "CONN_ACCEPT", [0x03] = "CONN_CLOSE", [0x04] = "CONN_CLOSE_ACK", [0x05] = "CONN_RETRY",
    [0x06] = "MAX_STREAMS", [0x07] = "PATH_OFFER", [DATA] = "DATA", [PADDING] = "PADDING", [0x0a] = "PATH_CLOSE",
    [0x10] = "STREAM_OPEN", [0x11] = "STREAM_ACK", [0x12] = "STREAM_CLOSE", [0x13] = "STREAM_RESET", [0x14] = "STREAM_CLOSE_ACK",
    [0x20] = "DATA_ACK", [0x21] = "DATA_NACK", [0x22] = "WINDOW_UPDATE", [0x23] = "DATA_SKIP", [0x24] = "RECEIVER_REPORT",
    [REPAIR] = "REPAIR", [0x30] = "PING", [0x31] = "PONG", [0x40] = "CONGESTION",
}
local link_types = { [STREAM_DATA] = "StreamData", [STREAM_CONTROL] = "StreamControl" }
local ecn_names = { [0] = "Not-ECT", [1] = "ECT(1)", [2] = "ECT(0)", [3] = "CE" }
local mode_names = { [1] = "RO", [2] = "RU", [3] = "BE", [4] = "PR" }
local direction_names = { [0] = "reset of the sender's own half", [1] = "request to stop sending" }
local reasons = {
    [0x00] = "None", [0x01] = "InternalError", [0x02] = "ConnectionRefused", [0x03] = "FlowControlViolation", [0x04] = "StreamLimitViolation",
    [0x05] = "StreamStateViolation", [0x06] = "FinalSizeViolation", [0x07] = "FrameEncodingError", [0x08] = "AcknowledgementViolation",
    [0x09] = "VersionUnknown", [0x0a] = "ProtocolViolation", [0x0b] = "MessageViolation", [0x10] = "HandshakeTimeout", [0x11] = "IdleTimeout",
    [0x12] = "PeerUnresponsive", [0x13] = "AttemptsExhausted", [0x14] = "DeadlineExceeded", [0x15] = "ConnectionClosed",
    [0x16] = "ConnectionUnknown", [0x17] = "Aborted", [0x100] = "the application's",
}

-- Every field has the name that docs/wire-format.md gives it, so that a filter is the name behind "nexstream.".
local f = {}
local function field(kind, name, title, ...)
    f[name] = ProtoField[kind]("nexstream." .. name, title, ...)
end

field("uint8", "link.version", "Version", base.DEC, nil, 0xf0)
field("uint8", "link.priority", "Priority", base.DEC, nil, 0x0f)
field("uint8", "link.ecn", "ECN", base.DEC, ecn_names, 0x03)
field("uint16", "link.frame_type", "Frame type", base.HEX, link_types)
field("uint32", "link.payload_length", "Payload length", base.DEC)
field("uint32", "link.stream_id", "Stream id", base.HEX)
field("uint32", "link.checksum", "Checksum (CRC-32C)", base.HEX)
field("bytes", "link.source", "Source node")
field("bytes", "link.destination", "Destination node")
field("uint64", "packet.tag", "Tag", base.HEX)
field("uint8", "packet.path_id", "Path id", base.DEC)
field("uint8", "packet.flags", "Flags", base.HEX)
field("bool", "packet.ack_now", "ACK_NOW", 8, nil, ACK_NOW)
field("uint32", "packet.number", "Packet number (low 32 bits)", base.DEC)
field("uint8", "frame.type", "Type", base.HEX, frame_names)
field("uint8", "frame.flags", "Flags", base.HEX)
field("uint16", "frame.length", "Length", base.DEC)
field("uint16", "version", "Version", base.DEC)
field("bytes", "node_id", "Node id")
field("uint32", "max_streams", "Max streams", base.DEC)
field("uint64", "max_data", "Max data", base.DEC)
field("uint64", "tag", "Tag", base.HEX)
field("uint32", "initial_stream_data", "Initial stream data", base.DEC)
field("uint32", "initial_stream_messages", "Initial stream messages", base.DEC)
field("uint32", "max_ack_delay_us", "Max ack delay (us)", base.DEC)
field("uint32", "max_frame_length", "Max frame length", base.DEC)
field("uint32", "max_message_length", "Max message length", base.DEC)
field("uint32", "features", "Features", base.HEX)
field("uint8", "window_scale", "Window scale", base.DEC)
field("uint8", "cookie_length", "Cookie length", base.DEC)
field("bytes", "cookie", "Cookie")
field("uint32", "init_packet_number", "Init packet number", base.DEC)
field("uint32", "reason_code", "Reason code", base.HEX, reasons)
field("string", "reason_phrase", "Reason phrase")
field("uint16", "versions", "Version spoken", base.DEC)
field("bool", "reflected", "REFLECTED", 8, nil, 0x02)
field("bool", "graceful", "GRACEFUL", 8, nil, 0x04)
field("uint8", "path_id", "Path id", base.DEC)
field("uint32", "stream_id", "Stream id", base.HEX)
field("uint8", "mode", "Mode", base.DEC, mode_names)
field("uint8", "priority", "Priority", base.DEC)
field("uint32", "initial_window", "Initial window", base.DEC)
field("uint64", "final_size", "Final size", base.DEC)
field("uint32", "error_code", "Error code", base.HEX, reasons)
field("uint8", "direction", "Direction", base.DEC, direction_names)
field("uint64", "final_charge", "Final charge", base.DEC)
field("bool", "fin", "FIN", 8, nil, 0x01)
field("uint64", "offset", "Offset", base.DEC)
field("uint64", "message", "Message", base.DEC)
field("uint32", "message_length", "Message length", base.DEC)
field("uint32", "fragment_offset", "Fragment offset", base.DEC)
field("uint64", "sequence", "Sequence", base.DEC)
field("uint8", "index", "Index in its group", base.DEC)
field("bytes", "payload", "Payload")
field("uint32", "ack_number", "Ack number", base.DEC)
field("uint32", "window_update", "Window update", base.DEC)
field("uint8", "more_ranges", "More ranges", base.DEC)
field("uint32", "ack_delay_us", "Ack delay (us)", base.DEC)
field("uint32", "first_range_length", "First range length", base.DEC)
field("uint32", "gap", "Gap", base.DEC)
field("uint32", "range_length", "Length", base.DEC)
field("string", "ranges", "Ranges")
field("uint64", "ecn.ect0", "ECT(0) count", base.DEC)
field("uint64", "ecn.ect1", "ECT(1) count", base.DEC)
field("uint64", "ecn.ce", "ECN-CE count", base.DEC)
field("uint64", "connection_credit", "Connection credit", base.DEC)
field("uint32", "range.start", "Start", base.DEC)
field("uint32", "range.end", "End, exclusive", base.DEC)
field("uint32", "window_increment", "Window increment", base.DEC)
field("uint64", "limit", "Limit", base.DEC)
field("uint32", "charge", "Charge", base.DEC)
field("uint64", "received", "Received", base.DEC)
field("uint64", "lost", "Lost", base.DEC)
field("uint64", "recovered", "Recovered", base.DEC)
field("uint32", "burst_length_mean_q8", "Mean burst length (1/256)", base.DEC)
field("uint32", "interval_us", "Interval (us)", base.DEC)
field("uint64", "first_message", "First message", base.DEC)
field("uint8", "group_size", "Group size", base.DEC)
field("uint8", "row", "Row", base.DEC)
field("uint32", "length_parity", "Length parity", base.HEX)
field("uint64", "ping_id", "Ping id", base.HEX)
field("uint64", "ecn_ce_count", "ECN-CE count", base.DEC)
field("uint64", "bytes_in_flight", "Bytes in flight", base.DEC)
field("bytes", "extension", "Extension, which is ignored")

local all = {}
for _, one in pairs(f) do
    all[#all + 1] = one
end
nexstream.fields = all

local malformed = ProtoExpert.new("nexstream.malformed", "Malformed", expert.group.MALFORMED, expert.severity.ERROR)
local checksum_bad = ProtoExpert.new("nexstream.checksum_bad", "The payload is not what the checksum was made of", expert.group.CHECKSUM, expert.severity.ERROR)
local mislabelled = ProtoExpert.new("nexstream.mislabelled", "The NexLink frame type is not that of the packet", expert.group.PROTOCOL, expert.severity.WARN)
local refused = ProtoExpert.new("nexstream.closed_with_error", "The connection ends with an error", expert.group.PROTOCOL, expert.severity.WARN)
nexstream.experts = { malformed, checksum_bad, mislabelled, refused }

-- CRC-32C, RFC 9260 appendix A, reflected: 0x1EDC6F41 the other way round.
local bxor, rshift, band = (bit or bit32).bxor, (bit or bit32).rshift, (bit or bit32).band
local crc_table = {}
for i = 0, 255 do
    local value = i
    for _ = 1, 8 do
        value = band(value, 1) ~= 0 and bxor(rshift(value, 1), 0x82f63b78) or rshift(value, 1)
    end
    crc_table[i] = value
end

local function crc32c(range)
    local bytes, crc = range:bytes(), 0xffffffff
    for i = 0, bytes:len() - 1 do
        crc = bxor(rshift(crc, 8), crc_table[band(bxor(crc, bytes:get_index(i)), 0xff)])
    end
    return bxor(crc, 0xffffffff) % CIRCLE
end

-- Reads the fields of one frame in order. The first one that is not there, or has a value that cannot be, ends it.
local Reader = {}
Reader.__index = Reader

function Reader.new(range, tree)
    return setmetatable({ range = range, tree = tree, at = 0, fault = nil }, Reader)
end

function Reader:left()
    return self.range:len() - self.at
end

function Reader:fail(why)
    self.fault = self.fault or why
end

-- The next bytes; nil where there are too few.
function Reader:take(length, what)
    if self.fault then
        return nil
    end
    if self:left() < length then
        self:fail(what .. " is cut off")
        return nil
    end
    if length == 0 then
        return nil
    end
    self.at = self.at + length
    return self.range(self.at - length, length)
end

local widths = { uint8 = 1, uint16 = 2, uint32 = 4 }

-- A field of up to 32 bits; 0 where it is not there.
function Reader:number(name, kind)
    local range = self:take(widths[kind], name)
    if not range then
        return 0
    end
    self.tree:add(f[name], range)
    return range:uint()
end

function Reader:u8(name) return self:number(name, "uint8") end
function Reader:u16(name) return self:number(name, "uint16") end
function Reader:u32(name) return self:number(name, "uint32") end

function Reader:bytes(name, length)
    local range = self:take(length, name)
    if range then
        self.tree:add(f[name], range)
    end
    return range
end

-- A field of 64 bits as an exact number of Wireshark's.
function Reader:u64(name)
    local range = self:bytes(name, 8)
    return range and range:uint64() or UInt64(0)
end

-- A position: at most 2^62.
function Reader:position(name)
    local range = self:bytes(name, 8)
    if not range then
        return UInt64(0)
    end
    local high, low = range(0, 4):uint(), range(4, 4):uint()
    if high > 0x40000000 or (high == 0x40000000 and low > 0) then
        self:fail(name .. " is beyond 2^62")
    end
    return range:uint64()
end

function Reader:check(holds, why)
    if not holds then
        self:fail(why)
    end
end

-- Fields that the specification does not know yet.
function Reader:extension()
    if not self.fault and self:left() > 0 then
        self:bytes("extension", self:left())
    end
end

local function transport_parameters(r)
    r:check(r:u64("tag") ~= UInt64(0) or r.fault, "the tag is 0")
    r:u32("initial_stream_data")
    r:u32("initial_stream_messages")
    r:u32("max_ack_delay_us")
    r:check(r:u32("max_frame_length") >= FRAME_LENGTH_MIN, "max_frame_length is less than 1200")
    r:u32("max_message_length")
    r:u32("features")
    r:check(r:u8("window_scale") <= WINDOW_SCALE_MAX, "window_scale is more than 14")
end

local function cookie(r)
    local length = r:u8("cookie_length")
    r:check(length <= COOKIE_MAX, "the cookie is longer than 64 bytes")
    r:bytes("cookie", length)
end

-- What CONN_INIT and CONN_ACCEPT begin with. Returns whether more of it is known.
local function greeting(r)
    local version = r:u16("version")
    r:bytes("node_id", 16)
    r:u32("max_streams")
    r:u64("max_data")
    return version == VERSION and not r.fault
end

local function stream(r)
    return string.format(" %08x", r:u32("stream_id"))
end

local function stream_sequence_ack(r)
    r:u32("ack_number")
    r:u32("window_update")
end

-- Packet numbers from the ack number down, as far as 32 bits tell: the upper half is known to the endpoints only, so that a range which goes below 0
-- here may be right, but not one that goes below all that a number with another upper half leaves.
local function packet_ack(r, flags)
    local last = r:u32("ack_number")
    r:u32("window_update")
    r:u8("path_id")
    local more = r:u8("more_ranges")
    r:check(more < ACK_RANGES_MAX, "there are more than 32 ranges")
    r:u32("ack_delay_us")
    local first = last - r:u32("first_range_length")
    local text = string.format("%.0f-%.0f", first % CIRCLE, last)
    for _ = 1, more do
        last = first - r:u32("gap") - 2
        first = last - r:u32("range_length")
        if r.fault then
            return
        end
        text = text .. string.format(", %.0f-%.0f", first % CIRCLE, last % CIRCLE)
    end
    r:check(first >= -CIRCLE, "a range goes below 0")
    if flags % 2 == 1 then
        r:u64("ecn.ect0")
        r:u64("ecn.ect1")
        r:u64("ecn.ce")
    end
    r:u64("connection_credit")
    if not r.fault then
        r.tree:add(f["ranges"], text):set_generated()
        return " " .. text
    end
end

local function nack(r)
    local name = stream(r)
    local count = r:left() / 8
    r:check(count >= 1 and count <= NACK_RANGES_MAX and count == math.floor(count), "it has no whole number of 1 to 64 ranges")
    local base, before, parts = nil, 0, {}
    for _ = 1, r.fault and 0 or count do
        local from, to = r:u32("range.start"), r:u32("range.end")
        base = base or from
        local behind, ends = (from - base) % CIRCLE, (to - base) % CIRCLE
        r:check(behind >= before and ends > behind and ends < HALF_CIRCLE, "the ranges overlap, are empty or are not in order")
        before = ends
        parts[#parts + 1] = string.format("[%d, %d)", from, to)
    end
    if not r.fault then
        r.tree:add(f["ranges"], table.concat(parts, ", ")):set_generated()
    end
    return name
end

local function data(r, flags, flags_range)
    local mode = math.floor(flags / 64) + 1
    local has = function(bit) return math.floor(flags / bit) % 2 == 1 end
    r.tree:add(f["mode"], flags_range, mode)
    r.tree:add(f["fin"], flags_range)
    r:check(math.floor(flags / 8) % 8 == 0, "a flag is set that is not known")
    r:check(not has(2) or mode == 3, "SEQUENCE is set and the mode is not BE")
    r:check(not has(4) or mode == 4, "GROUPED is set and the mode is not PR")
    local text = " " .. mode_names[mode] .. stream(r)
    if mode == 1 then
        text = text .. " @" .. tostring(r:position("offset"))
    elseif mode == 2 then
        text = text .. " #" .. tostring(r:position("message"))
        local length, offset = r:u32("message_length"), r:u32("fragment_offset")
        r:check(offset < length or (offset == 0 and length == 0), "the fragment begins behind its message")
        text = text .. string.format("+%d/%d", offset, length)
    elseif mode == 3 then
        text = has(2) and text .. " #" .. tostring(r:position("sequence")) or text
    else
        local message = r:position("message")
        text = text .. " #" .. tostring(message)
        if has(4) then
            local index = r:u8("index")
            r:take(3, "index")
            r:check(index < GROUP_SIZE_MAX and UInt64(index) <= message, "the index is of no group")
        end
    end
    return has(1) and text .. " FIN" or text
end

local readers = {
    CONN_INIT = function(r)
        if greeting(r) then
            transport_parameters(r)
            cookie(r)
        end
    end,
    CONN_ACCEPT = function(r)
        if greeting(r) then
            transport_parameters(r)
            r:u32("init_packet_number")
        end
    end,
    CONN_CLOSE = function(r, flags, flags_range, pinfo)
        r.tree:add(f["reflected"], flags_range)
        r.tree:add(f["graceful"], flags_range)
        local reason = r:u32("reason_code")
        local versions = 0
        if flags % 2 == 1 and not r.fault then
            local length = r.range:len()
            versions = r:left() > 0 and r.range(length - 1, 1):uint() or 0
            r:check(r:left() >= 1 + 2 * versions, "the list of versions is cut off")
        end
        if r.fault then
            return
        end
        local tail = flags % 2 == 1 and 1 + 2 * versions or 0
        r:bytes("reason_phrase", r:left() - tail)
        for _ = 1, versions do
            r:u16("versions")
        end
        r:take(tail > 0 and 1 or 0, "the number of versions")
        if reason ~= 0 and reason < 0x100 then
            r.tree:add_proto_expert_info(refused, "The connection ends with " .. (reasons[reason] or string.format("0x%x", reason)))
        end
        return " " .. (reasons[reason] or string.format("0x%x", reason))
    end,
    CONN_CLOSE_ACK = function() end,
    CONN_RETRY = cookie,
    MAX_STREAMS = function(r) return " " .. r:u32("max_streams") end,
    PATH_OFFER = function(r)
        local path = r:u8("path_id")
        r:check(r:u64("tag") ~= UInt64(0) or r.fault, "the tag is 0")
        r:bytes("node_id", 16)
        return " " .. path
    end,
    PATH_CLOSE = function(r) return " " .. r:u8("path_id") end,
    DATA = data,
    PADDING = function() end,
    STREAM_OPEN = function(r)
        local text = stream(r)
        local mode = r:u8("mode")
        r:check(mode >= 1 and mode <= 4, "there is no such mode")
        r:check(r:u8("priority") <= PRIORITY_MAX, "the priority is more than 15")
        r:u32("initial_window")
        return text .. " " .. (mode_names[mode] or "?")
    end,
    STREAM_ACK = stream,
    STREAM_CLOSE = function(r)
        local text = stream(r)
        r:u32("reason_code")
        r:position("final_size")
        return text
    end,
    STREAM_RESET = function(r)
        local text = stream(r)
        r:u32("error_code")
        r:check(r:u8("direction") <= 1, "there is no such direction")
        r:position("final_size")
        r:position("final_charge")
        return text
    end,
    STREAM_CLOSE_ACK = stream,
    DATA_ACK = function(r, flags)
        if r:left() >= 4 and r.range(0, 4):uint() == 0 then
            stream(r)
            return packet_ack(r, flags)
        end
        local text = stream(r)
        stream_sequence_ack(r)
        return text
    end,
    DATA_NACK = nack,
    WINDOW_UPDATE = function(r)
        local text = stream(r)
        r:u32("window_increment")
        r:u64("limit")
        return text
    end,
    DATA_SKIP = function(r)
        local text = stream(r)
        text = text .. " #" .. tostring(r:position("message"))
        r:u32("charge")
        return text
    end,
    RECEIVER_REPORT = function(r)
        local text = stream(r)
        r:u64("received")
        r:u64("lost")
        r:u64("recovered")
        r:u32("burst_length_mean_q8")
        r:u32("interval_us")
        return text
    end,
    REPAIR = function(r)
        local text = stream(r)
        local first = r:position("first_message")
        local size, row = r:u8("group_size"), r:u8("row")
        r:check(size >= 1 and size <= GROUP_SIZE_MAX, "a group has 1 to 64 messages")
        r:check(row < GROUP_SIZE_MAX, "the row is more than 63")
        r:take(2, "row")
        r:u32("length_parity")
        return text .. string.format(" #%s+%d row %d", tostring(first), size, row)
    end,
    PING = function(r) r:u64("ping_id") end,
    PONG = function(r) r:u64("ping_id") end,
    CONGESTION = function(r)
        r:u64("ecn_ce_count")
        r:u64("bytes_in_flight")
    end,
}

-- One frame at the beginning of a range. Returns its length and type; nil: the rest cannot be read.
local function dissect_frame(range, tree, pinfo, notes)
    if range:len() < FRAME_HEADER then
        tree:add_proto_expert_info(malformed, "A frame's header is cut off")
        notes[#notes + 1] = "[malformed]"
        return nil
    end
    local kind, flags, length = range(0, 1):uint(), range(1, 1):uint(), range(2, 2):uint()
    local name = frame_names[kind]
    local fits = length <= range:len() - FRAME_HEADER
    local subtree = tree:add(nexstream, range(0, fits and FRAME_HEADER + length or range:len()), name or string.format("Unknown frame 0x%02x", kind))
    subtree:add(f["frame.type"], range(0, 1))
    subtree:add(f["frame.flags"], range(1, 1))
    subtree:add(f["frame.length"], range(2, 2))
    local fault, note
    if not name then
        fault = string.format("There is no frame of type 0x%02x", kind)
    elseif not fits then
        fault = "The frame is longer than its packet"
    else
        local body = length > 0 and range(FRAME_HEADER, length) or nil
        local r = body and Reader.new(body, subtree) or Reader.new({ len = function() return 0 end }, subtree)
        note = readers[name](r, flags, range(1, 1), pinfo)
        r:extension()
        fault = r.fault and "The frame cannot be: " .. r.fault
    end
    notes[#notes + 1] = (name or string.format("0x%02x", kind)) .. (type(note) == "string" and note or "")
    if fault then
        subtree:add_proto_expert_info(malformed, fault)
        notes[#notes + 1] = "[malformed]"
        return nil
    end
    return FRAME_HEADER + length, kind, subtree
end

local function dissect_packet(range, tree, pinfo, notes)
    if range:len() < PACKET_HEADER then
        tree:add_proto_expert_info(malformed, "The packet header is cut off")
        notes[#notes + 1] = "[malformed]"
        return nil
    end
    local header = tree:add(nexstream, range(0, PACKET_HEADER), string.format("Packet %d", range(12, 4):uint()))
    header:add(f["packet.tag"], range(0, 8))
    header:add(f["packet.path_id"], range(8, 1))
    header:add(f["packet.flags"], range(9, 1))
    header:add(f["packet.ack_now"], range(9, 1))
    header:add(f["packet.number"], range(12, 4))
    if range(9, 1):uint() > ACK_NOW then
        header:add_proto_expert_info(malformed, "The packet has a flag that version 1 does not have")
        notes[#notes + 1] = "[malformed]"
        return nil
    end
    if range:len() == PACKET_HEADER then
        header:add_proto_expert_info(malformed, "The packet has no frame")
        notes[#notes + 1] = "[malformed]"
        return nil
    end
    local at = PACKET_HEADER
    local ends_with_data = false
    while at < range:len() do
        local length, kind, subtree = dissect_frame(range(at), tree, pinfo, notes)
        if not length then
            return nil
        end
        at = at + length
        if kind == DATA or kind == REPAIR or kind == PADDING then
            if at < range:len() and kind ~= PADDING then
                subtree:add(f["payload"], range(at))
                notes[#notes] = notes[#notes] .. string.format(" %d B", range:len() - at)
            end
            ends_with_data = kind ~= PADDING
            break
        end
    end
    return ends_with_data
end

-- One NexLink frame. Returns its length; nil: what follows cannot be found.
local function dissect_link(range, tree, pinfo, notes)
    if range:len() < LINK_HEADER then
        tree:add(nexstream, range, "NexStream"):add_proto_expert_info(malformed, "The NexLink header is cut off")
        notes[#notes + 1] = "[malformed]"
        return nil
    end
    local version, length = range(0, 1):bitfield(0, 4), range(4, 4):uint()
    local fits = length <= range:len() - LINK_HEADER
    local subtree = tree:add(nexstream, range(0, fits and LINK_HEADER + length or range:len()))
    local header = subtree:add(nexstream, range(0, LINK_HEADER), "NexLink header")
    header:add(f["link.version"], range(0, 1))
    header:add(f["link.priority"], range(0, 1))
    header:add(f["link.ecn"], range(1, 1))
    header:add(f["link.frame_type"], range(2, 2))
    header:add(f["link.payload_length"], range(4, 4))
    header:add(f["link.stream_id"], range(8, 4))
    header:add(f["link.checksum"], range(12, 4))
    header:add(f["link.source"], range(16, 16))
    header:add(f["link.destination"], range(32, 16))
    local kind = range(2, 2):uint()
    local fault = version ~= VERSION and string.format("The version %d is not known", version)
        or not fits and "The frame is longer than its datagram"
        or not link_types[kind] and "There is no such frame type"
        or length == 0 and "The frame is empty"
    if fault then
        header:add_proto_expert_info(malformed, fault)
        notes[#notes + 1] = "[malformed]"
        return nil
    end
    local payload, checksum = range(LINK_HEADER, length), range(12, 4):uint()
    if checksum ~= 0 and crc32c(payload) ~= checksum then
        header:add_proto_expert_info(checksum_bad)
        notes[#notes + 1] = "[checksum wrong]"
    end
    subtree:append_text(string.format(", %d bytes", length))
    local has_data = dissect_packet(payload, subtree, pinfo, notes)
    if has_data ~= nil and has_data ~= (kind == STREAM_DATA) then
        header:add_proto_expert_info(mislabelled, has_data and "StreamControl, and the packet ends with data" or "StreamData, and the packet has no data")
    end
    return LINK_HEADER + length
end

function nexstream.dissector(buffer, pinfo, tree)
    pinfo.cols.protocol = "NexStream"
    local notes, at = {}, 0
    -- A datagram is one frame. Where the network card cuts (GSO) or joins (GRO), a capture sees several datagrams as one.
    while at < buffer:len() do
        local length = dissect_link(buffer(at), tree, pinfo, notes)
        if not length then
            break
        end
        at = at + length
    end
    pinfo.cols.info = table.concat(notes, ", ")
    return buffer:len()
end

-- No port is NexStream's: a datagram is known by a header whose every part agrees with it, and with it the others between the same two sockets.
local function is_frame(buffer)
    if buffer:len() < LINK_HEADER + PACKET_HEADER or buffer(0, 1):bitfield(0, 4) ~= VERSION or buffer(1, 1):uint() > 3 then
        return false
    end
    local kind, length = buffer(2, 2):uint(), buffer(4, 4):uint()
    return (kind == STREAM_DATA or kind == STREAM_CONTROL) and length >= PACKET_HEADER and LINK_HEADER + length <= buffer:len()
        and buffer(LINK_HEADER + 9, 1):uint() <= ACK_NOW
end

nexstream:register_heuristic("udp", function(buffer, pinfo, tree)
    if not is_frame(buffer) then
        return false
    end
    pinfo.conversation = nexstream
    nexstream.dissector(buffer, pinfo, tree)
    return true
end)

DissectorTable.get("udp.port"):add_for_decode_as(nexstream)
