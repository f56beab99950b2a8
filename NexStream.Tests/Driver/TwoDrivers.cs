using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;
using NexStream.Tests.Driver.Links;

namespace NexStream.Tests.Driver;

/// <summary>Two nodes, joined by a loop, whose drivers take turns in virtual time.</summary>
public abstract class TwoDrivers(LinkPreference preference)
{
    /// <summary>Descriptors that the loop holds each way.</summary>
    protected const int RingCapacity = 16;

    protected const int TurnNs = 10_000;

    private protected List<DriverNode> Nodes { get; } = [];

    protected byte[] Buffer { get; } = new byte[64 * 1024];

    private protected LinkLibrary Library { get; private set; } = null!;

    private protected DriverNode A { get; private set; } = null!;

    private protected DriverNode B { get; private set; } = null!;

    private protected Instant Now { get; set; }

    [SetUp]
    public void JoinTwoNodes()
    {
        Library = LoopFixture.Load(preference);
        Now = new Instant(Instant.Second);
        A = AddNode();
        B = AddNode();
        DriverNode.Join(A, B, RingCapacity);
    }

    [TearDown]
    public void DisposeNodes()
    {
        Nodes.ForEach(node => node.Dispose());
        Nodes.Clear();
        A?.Dispose();
        B?.Dispose();
    }

    private protected DriverNode AddNode(ulong number = 0, DriverOptions? options = null)
    {
        DriverNode node = new(Library, number == 0 ? (ulong)Nodes.Count + 1 : number, options);
        Nodes.Add(node);
        return node;
    }

    private protected void Turn(int turns)
    {
        for (int i = 0; i < turns; i++)
        {
            Now += TurnNs;
            foreach (DriverNode node in Nodes)
            {
                node.Poll(Now);
            }
        }
    }

    private protected void TurnUntil(Func<bool> condition)
    {
        for (int i = 0; i < 1_000_000; i++)
        {
            if (condition())
            {
                return;
            }

            Turn(1);
        }

        Assert.Fail("The condition did not come true in ten seconds of virtual time.");
    }

    private protected (StreamHandle Sender, StreamHandle Receiver) OpenStream(DriverNode from, DriverNode to)
    {
        Assert.That(from.Endpoint.Connect(to.Node, Now, out ConnectionHandle connection), Is.EqualTo(CallStatus.Ok));
        TurnUntil(() => connection.IsOpen);
        Assert.That(connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out StreamHandle sender), Is.EqualTo(CallStatus.Ok));
        sender.Send([42]);
        TurnUntil(() => to.Has(EventKind.StreamOpened));
        StreamHandle receiver = to.Events.FindLast(item => item.Kind == EventKind.StreamOpened).Stream;
        TurnUntil(() => receiver.Receive(Buffer).Bytes == 1);
        return (sender, receiver);
    }

    private protected void Transfer(StreamHandle sender, StreamHandle receiver, int length)
    {
        byte[] data = new byte[length];
        new Random(length).NextBytes(data);
        int sent = 0;
        int received = 0;
        for (int i = 0; i < 1_000_000 && received < length; i++)
        {
            sent += sender.Send(data.AsSpan(sent, Math.Min(50_000, length - sent))).Bytes;
            Turn(1);
            int count = receiver.Receive(Buffer).Bytes;
            Assert.That(Buffer.AsSpan(0, count).SequenceEqual(data.AsSpan(received, count)), Is.True);
            received += count;
        }

        Assert.That(received, Is.EqualTo(length));
    }
}
