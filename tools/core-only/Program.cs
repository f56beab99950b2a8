using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;

// Two endpoints of the core in one thread: no driver, no socket, no clock, and, once they are made, no allocation and no garbage collector. What no_std is elsewhere.
const int FrameSize = 2048;
const int FrameCount = 512;
const int Total = 4 << 20;
const int NoGcBytes = 1 << 20;
const long TickNs = 10_000;

if (args is ["features"])
{
    Console.WriteLine(Ask(() => CongestionControllers.Bbr.Name));
    Console.WriteLine(Ask(() => Open(new ProbabilisticConfig(0.99)).ToString()));
    return 0;
}

Endpoint client = Make(1);
Endpoint server = Make(2);
var deadlines = new ConnectionDeadline[2];
var packet = new Transmission();
byte[] wire = new byte[FrameSize];
byte[] data = new byte[16 * 1024];
byte[] buffer = new byte[16 * 1024];
for (int i = 0; i < data.Length; i++)
{
    data[i] = (byte)i;
}

var now = new Instant(Instant.Second);
client.Connect(server.Node, now, out ConnectionHandle connection);
while (!connection.IsOpen)
{
    Turn();
}

connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out StreamHandle sender);
StreamHandle receiver = default;
long sent = 0;
long received = 0;
long wrong = 0;

// Everything runs once before it counts: what the runtime does the first time is not the core's.
Move(Total / 4);
if (!GC.TryStartNoGCRegion(NoGcBytes))
{
    Console.Error.WriteLine("The runtime does not promise to leave the collector out.");
    return 1;
}

int collections = GC.CollectionCount(0);
long allocated = GC.GetAllocatedBytesForCurrentThread();
Move(Total);
allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
collections = GC.CollectionCount(0) - collections;
GC.EndNoGCRegion();
Console.WriteLine($"{received} bytes arrived, {wrong} of them wrong; {allocated} bytes allocated and {collections} collections while they did");
return wrong == 0 && allocated == 0 && collections == 0 ? 0 : 1;

static Endpoint Make(ulong number) => new(
    new EndpointConfig { Node = new NodeId(0xC0, number), Key = new byte[EndpointConfig.KeySize], MaxConnections = 4, MaxStreams = 16 }, new FrameArena(FrameSize, FrameCount));

static CallStatus Open(ProbabilisticConfig delivery)
{
    Endpoint endpoint = Make(3);
    endpoint.Connect(new NodeId(0xC0, 4), new Instant(Instant.Second), out ConnectionHandle nobody);
    return nobody.OpenStream(new StreamConfig(TransportMode.Probabilistic, Delivery: delivery), out _);
}

static string Ask(Func<string> question)
{
    try
    {
        return $"there: {question()}";
    }
    catch (NotSupportedException failure)
    {
        return $"left out: {failure.Message}";
    }
}

void Move(long bytes)
{
    long until = sent + bytes;
    while (received < until)
    {
        if (sent < until)
        {
            sent += sender.Send(data.AsSpan((int)(sent % data.Length), (int)Math.Min(data.Length - (sent % data.Length), until - sent))).Bytes;
        }

        Turn();
        for (ReceiveResult result = receiver.Receive(buffer); result.Status == CallStatus.Ok; result = receiver.Receive(buffer))
        {
            for (int i = 0; i < result.Bytes; i++)
            {
                wrong += buffer[i] == (byte)(received + i) ? 0 : 1;
            }

            received += result.Bytes;
        }
    }
}

void Turn()
{
    Carry(client, server);
    Carry(server, client);
    now += TickNs;
}

void Carry(Endpoint from, Endpoint to)
{
    while (from.TryTransmit(now, packet))
    {
        packet.Head.CopyTo(wire);
        int length = packet.HeadLength;
        foreach (ref readonly PayloadSlice slice in packet.Slices)
        {
            from.Arena.Bytes(slice.Index, slice.Offset, slice.Length).CopyTo(wire.AsSpan(length));
            length += slice.Length;
            from.ReleaseFrame(slice.Frame);
        }

        to.Receive(new LinkFrame(packet.Header, wire.AsSpan(0, length)), now);
    }

    while (from.TryGetEvent(out EndpointEvent item))
    {
        if (item.Kind == EventKind.StreamOpened)
        {
            receiver = item.Stream;
        }
    }

    // With one connection to an endpoint all timers are one instant.
    ref ConnectionDeadline due = ref deadlines[from == client ? 0 : 1];
    if (due.Deadline <= now && due.Connection != default)
    {
        from.HandleTimeout(due.Connection, now);
    }

    while (from.TryGetDeadline(out ConnectionDeadline deadline))
    {
        due = deadline;
    }
}
