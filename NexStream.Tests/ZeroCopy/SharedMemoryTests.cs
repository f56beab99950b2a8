using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver.Links;
using NexStream.Tests.Driver;
using NexStream.Tests.Driver.Links;

namespace NexStream.Tests.ZeroCopy;

/// <summary>From application to application over the driver and its links: what the sender writes, the receiver reads, with no copy in between.</summary>
[TestFixture(LinkPreference.Managed)]
[TestFixture(LinkPreference.Native)]
public sealed class SharedMemoryTests(LinkPreference preference)
{
    private const int RingCapacity = 256;
    private const int Length = 1000;
    private const long TurnNs = 10_000;

    private Instant _now = new(Instant.Second);

    [Test]
    public void ZeroCopy_OverTheDriver_ReadsTheMemoryThatWasWritten([Values] TransportMode mode)
    {
        LinkLibrary library = LoopFixture.Load(preference);
        using var client = new DriverNode(library, 1);
        using var server = new DriverNode(library, 2);
        DriverNode.Join(client, server, RingCapacity);
        Assert.That(client.Endpoint.Connect(server.Node, _now, out ConnectionHandle connection), Is.EqualTo(CallStatus.Ok));
        RunUntil(client, server, () => client.Has(EventKind.ConnectionEstablished) && server.Has(EventKind.ConnectionAccepted));
        Assert.That(connection.OpenStream(new StreamConfig(mode), out StreamHandle sender), Is.EqualTo(CallStatus.Ok));
        RunUntil(client, server, () => server.Has(EventKind.StreamOpened));
        StreamHandle receiver = server.Events.Find(item => item.Kind == EventKind.StreamOpened).Stream;

        PayloadSlice part = sender.Lease().WithLength(Length);
        client.Endpoint.Bytes(part).Fill(1);
        Assert.That(sender.SendZeroCopy([part]).Status, Is.EqualTo(CallStatus.Ok));
        RunUntil(client, server, () => receiver.IsReadable);
        var slices = new PayloadSlice[1];
        ReceiveResult result = receiver.ReceiveZeroCopy(slices);
        Assert.That((result.Status, result.Bytes), Is.EqualTo((CallStatus.Ok, Length)));
        Assert.That(server.Endpoint.Bytes(slices[0]).ToArray(), Is.All.EqualTo(1));

        // What no application may do shows that both look at one piece of memory.
        client.Endpoint.Bytes(part)[Length / 2] = 2;
        Assert.That(server.Endpoint.Bytes(slices[0])[Length / 2], Is.EqualTo(2));

        server.Endpoint.Return(slices);
        RunUntil(client, server, () => client.IsWholeArenaFree && server.IsWholeArenaFree);
    }

    private void RunUntil(DriverNode client, DriverNode server, Func<bool> condition)
    {
        for (int turns = 0; !condition(); turns++)
        {
            Assert.That(turns, Is.LessThan(1_000_000), "Ten seconds passed and the condition does not hold.");
            client.Poll(_now);
            server.Poll(_now);
            _now += TurnNs;
        }
    }
}
