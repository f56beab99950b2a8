using System.Runtime.InteropServices;
using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Core.Wire;
using NexStream.Replay;
using NexStream.Replay.Editing;
using NexStream.Tests.Support;

namespace NexStream.Tests.Tracing;

/// <summary>A run in which every call that an endpoint has is made at least once, some of them wrongly, with both endpoints recorded.</summary>
internal sealed class EveryCall : IFrameReleaser
{
    private const int MessageLength = 1200;

    private readonly byte[] _buffer = new byte[16 * 1024];
    private readonly PayloadSlice[] _slices = new PayloadSlice[8];

    public EveryCall(TraceDetail detail)
    {
        WordPattern[] generators = [new WordPattern(7), new WordPattern(8)];
        var clientRecorder = new TraceRecorder(Client, detail, generators);
        var serverRecorder = new TraceRecorder(Server, detail, generators);
        using var pair = new LoanPair(new ConnectionConfig { MaxPaths = 2 }, clientRecorder: clientRecorder, serverRecorder: serverRecorder);
        Run(pair);
        clientRecorder.Flush();
        serverRecorder.Flush();
        Calls = clientRecorder.InputCount;
    }

    public MemoryTrace Client { get; } = new();

    public MemoryTrace Server { get; } = new();

    public long Calls { get; }

    public void Release(int index, int holds)
    {
        // Nothing of the extra region is ever taken.
    }

    private void Run(LoanPair pair)
    {
        pair.Connect();
        foreach (TransportMode mode in Enum.GetValues<TransportMode>())
        {
            (StreamHandle sender, StreamHandle receiver) = Open(pair, mode);
            SendAll(pair, sender);
            pair.Settle();
            ReadAll(pair.Server.Endpoint, receiver);
            pair.Settle();
            End(mode, sender, receiver);
            pair.Settle();
        }

        Paths(pair);
        Memory(pair);
        pair.Client.Endpoint.Connect(pair.Server.Endpoint.Node, pair.Now, out ConnectionHandle second, new ConnectionConfig { Linger = TimeSpan.FromSeconds(1) });
        pair.RunUntil(() => second.IsOpen);
        second.Abort(pair.Now, ReasonCode.ApplicationBase);
        pair.Settle();
        pair.Client.Endpoint.ChangeNode(new NodeId(5, 5), pair.Now);
        pair.Settle();
        pair.Client.Connection.Close(pair.Now);
        pair.RunFor(Instant.Second);
    }

    private static void Paths(LoanPair pair)
    {
        ConnectionHandle connection = pair.Client.Connection;
        Assert.That(connection.OpenPath(pair.Client.Endpoint.Config.FurtherNodes[0], pair.Now, out byte path), Is.EqualTo(CallStatus.Ok));
        Assert.That(connection.SetPathWeight(path, 3), Is.EqualTo(CallStatus.Ok));
        pair.Settle();
        Assert.That(connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered, Path: path), out StreamHandle bound), Is.EqualTo(CallStatus.Ok));
        bound.Send(new byte[MessageLength]);
        pair.Settle();
        Assert.That(connection.ClosePath(path, pair.Now), Is.EqualTo(CallStatus.Ok));
        pair.Settle();
    }

    private static (StreamHandle Sender, StreamHandle Receiver) Open(LoanPair pair, TransportMode mode)
    {
        ProbabilisticConfig? delivery = mode == TransportMode.Probabilistic ? new ProbabilisticConfig(0.9, FecRatio: 0.5, GroupSize: 4) : null;
        var config = new StreamConfig(mode, 3, SequenceNumbers: mode == TransportMode.BestEffort, MaxAttempts: 5, Delivery: delivery);
        Assert.That(pair.Client.Connection.OpenStream(config, out StreamHandle local), Is.EqualTo(CallStatus.Ok));
        pair.RunUntil(() => pair.Server.Events.Exists(item => item.Stream.Id == local.Id && local.Id != 0));
        StreamHandle remote = pair.Server.Events.Last(item => item.Stream.Id == local.Id).Stream;
        if (mode == TransportMode.Probabilistic)
        {
            Assert.That(local.SetDelivery(new ProbabilisticConfig(1, Thinning: false)), Is.EqualTo(CallStatus.Ok));
        }

        return (local, remote);
    }

    private void SendAll(LoanPair pair, StreamHandle sender)
    {
        new SeededRandom(5).Fill(_buffer);
        sender.Send(_buffer.AsSpan(0, MessageLength), new SendOptions(pair.Now + Instant.Second, Report: true, MaxAttempts: 3));
        new WordPattern(7).Fill(1_000_003, _buffer.AsSpan(0, MessageLength));
        sender.Send(_buffer.AsSpan(0, MessageLength));
        new WordPattern(8).Fill(5, _buffer.AsSpan(0, MessageLength));
        sender.Send(_buffer.AsSpan(0, MessageLength));
        sender.Send([]);
        Assert.That(sender.TryLease(out PayloadSlice lease), Is.EqualTo(CallStatus.Ok));
        _slices[0] = lease.WithLength(MessageLength);
        pair.Client.Endpoint.Bytes(_slices[0]).Fill(0x5A);
        Assert.That(sender.SendZeroCopy(_slices.AsSpan(0, 1)).Status, Is.EqualTo(CallStatus.Ok));
        Assert.That(sender.TryLease(out PayloadSlice unused), Is.EqualTo(CallStatus.Ok));
        pair.Client.Endpoint.Return([unused]);

        // Twice: what an application does wrongly is refused, and is an input as well.
        PayloadSlice wrong = unused;
        Assert.Throws<ArgumentException>(() => pair.Client.Endpoint.Return([wrong]));
    }

    private void ReadAll(Endpoint endpoint, StreamHandle receiver)
    {
        receiver.Receive(_buffer.AsSpan(0, 10));
        receiver.Receive(_buffer);
        for (ReceiveResult result = receiver.ReceiveZeroCopy(_slices); result.Status == CallStatus.Ok; result = receiver.ReceiveZeroCopy(_slices))
        {
            endpoint.Return(_slices.AsSpan(0, result.Slices));
        }
    }

    private static void End(TransportMode mode, StreamHandle sender, StreamHandle receiver)
    {
        if (mode == TransportMode.ReliableOrdered)
        {
            sender.Reset(ReasonCode.ApplicationBase);
            receiver.Close();
        }
        else
        {
            sender.Finish();
            sender.Close();
            receiver.Finish();
        }
    }

    /// <summary>Frames that the host takes, peers' frames, and packets that name memory rightly and wrongly.</summary>
    private void Memory(LoanPair pair)
    {
        Endpoint endpoint = pair.Client.Endpoint;
        nint memory = Marshal.AllocHGlobal(LoanPair.FrameSize);
        var region = new PeerRegion(memory, LoanPair.FrameSize, 1, this);
        endpoint.RegisterRegion(region);
        Assert.That(endpoint.TryUnregisterRegion(region), Is.True);
        Marshal.FreeHGlobal(memory);
        byte[] packet = new byte[64];
        new SeededRandom(9).Fill(packet);
        packet.AsSpan(8, 2).Clear();
        var header = new LinkHeader { Source = pair.Server.Endpoint.Node, Destination = endpoint.Node, PayloadLength = 64, Checksum = 1, Ecn = EcnCodepoint.Ect0 };
        Assert.That(endpoint.Arena.TryAllocate(out int own), Is.True);
        packet.CopyTo(endpoint.Arena.Bytes(own, 32, packet.Length));
        endpoint.Receive(new LinkFrame(header, endpoint.Arena.Bytes(own, 32, packet.Length), PayloadSlice.FrameOf(0, own), 32), pair.Now);
        Assert.That(endpoint.Arena.TryAllocate(out int wrong), Is.True);
        endpoint.Receive(new LinkFrame(header, packet.AsSpan(0, 32), [new PayloadSlice(PayloadSlice.FrameOf(200, 3), 0, 32)]), pair.Now);
        endpoint.ReleaseFrame(PayloadSlice.FrameOf(0, wrong));
        header.PayloadLength = 1;
        endpoint.Receive(new LinkFrame(header, packet), pair.Now);
        endpoint.Receive(new LinkFrame(header, new byte[2000]), pair.Now);
        pair.Settle();
    }
}
