using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver.Links;
using NexStream.Tests.Driver.Links;

namespace NexStream.Tests.Driver;

/// <summary>
/// The full stack (seed §8, integration tests): open a connection, a stream in each mode, exchange data, close, over the managed backend,
/// which is NexLink without a C compiler, and over the native one.
/// </summary>
[TestFixture(LinkPreference.Managed)]
[TestFixture(LinkPreference.Native)]
[NonParallelizable]
public sealed class AllModesTests(LinkPreference preference)
{
    private const int RingCapacity = 256;
    private const int MessageCount = 50;
    private const long TurnNs = 10_000;

    private Instant _now = new(Instant.Second);

    [Test]
    public void AllModes_OverNexLinkBackend_DeliverAndCloseCleanly()
    {
        LinkLibrary library = LoopFixture.Load(preference);
        using var client = new DriverNode(library, 1);
        using var server = new DriverNode(library, 2);
        DriverNode.Join(client, server, RingCapacity);
        Assert.That(client.Endpoint.Connect(server.Node, _now, out ConnectionHandle connection), Is.EqualTo(CallStatus.Ok));
        RunUntil(client, server, () => client.Has(EventKind.ConnectionEstablished) && server.Has(EventKind.ConnectionAccepted));

        TransportMode[] modes = Enum.GetValues<TransportMode>();
        foreach (TransportMode mode in modes)
        {
            Assert.That(connection.OpenStream(new StreamConfig(mode), out StreamHandle stream), Is.EqualTo(CallStatus.Ok));
            for (byte i = 0; i < MessageCount; i++)
            {
                Assert.That(stream.Send(new byte[] { (byte)mode, i, i, i }).Status, Is.EqualTo(CallStatus.Ok));
            }
        }

        var received = new Dictionary<TransportMode, int>();
        byte[] buffer = new byte[4];
        RunUntil(client, server, () =>
        {
            foreach (EndpointEvent opened in server.Events.Where(e => e.Kind == EventKind.StreamOpened))
            {
                while (opened.Stream.Receive(buffer) is { Status: CallStatus.Ok, Bytes: 4 })
                {
                    Assert.That(buffer[0], Is.EqualTo((byte)opened.Stream.Mode));
                    received[opened.Stream.Mode] = received.GetValueOrDefault(opened.Stream.Mode) + 1;
                }
            }

            return received.Count == modes.Length && received.Values.All(count => count == MessageCount);
        });

        Assert.That(connection.Close(_now), Is.EqualTo(CallStatus.Ok));
        RunUntil(client, server, () => client.Has(EventKind.ConnectionClosed) && server.Has(EventKind.ConnectionClosed));
        Assert.That(client.Events.Last(e => e.Kind == EventKind.ConnectionClosed).Report.IsClean, Is.True);
        Assert.That(server.Events.Last(e => e.Kind == EventKind.ConnectionClosed).Report.IsClean, Is.True);
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
