using NexStream.Core;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Links;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;

namespace NexStream.Tests.Simulator;

/// <summary>That a broken guarantee does not pass: the network or an application does what must not happen.</summary>
[TestFixture]
internal sealed class GuaranteeTests
{
    private const int Message = 1000;

    /// <summary>Frames that are longer than this carry data: there is nothing else to send.</summary>
    private const int DataMin = Message;

    private static readonly DirectionSpec s_link = new();

    [TestCase("ro", "are not those that were sent")]
    [TestCase("ru", "a message is not one that was sent")]
    [TestCase("be", "a message is not one that was sent")]
    public void Payload_WithAByteChangedOnTheLink_BreaksTheGuarantee(string mode, string violation)
    {
        SimulationResult result = RunTampered(mode, packet => packet.Bytes[packet.Length - 1] ^= 1);

        Assert.That(result.Ok, Is.False);
        Assert.That(result.Violations, Has.Some.StartsWith($"flow 0: stream 0 ({mode}): ").And.Some.EndsWith(violation));
        Assert.That(result.Flows[0].Streams[0].Corrupted, Is.GreaterThanOrEqualTo(1));
    }

    [Test]
    public void Message_CutShortOnTheLink_BreaksTheGuarantee()
    {
        SimulationResult result = RunTampered("be", packet => packet.Header.PayloadLength = (uint)--packet.Length);

        Assert.That(result.Violations, Is.EqualTo(new[] { "flow 0: stream 0 (be): a message is not one that was sent" }));
    }

    [TestCase("ru")]
    [TestCase("be")]
    public void Message_ThatComesAgainInPlaceOfAnother_BreaksTheGuarantee(string mode)
    {
        byte[]? first = null;
        SimulationResult result = RunTampered(
            mode,
            packet =>
            {
                Span<byte> message = packet.Bytes.AsSpan(packet.Length - Message, Message);
                first ??= message.ToArray();
                first.CopyTo(message);
            },
            times: 2);

        Assert.That(result.Ok, Is.False);
        Assert.That(result.Violations, Has.Some.Contains("came twice"));
        Assert.That(result.Flows[0].Streams[0].Duplicated, Is.EqualTo(1));
    }

    // A deadline excuses only what expired.
    [TestCase(null)]
    [TestCase(10_000.0)]
    public void Message_ThatNeverReachesTheApplication_BreaksTheGuarantee(double? deadlineMs)
    {
        var simulation = new Simulation(Scenarios.Of(s_link, new StreamSpec { Mode = "ru", Bytes = 50 * Message, Message = Message, DeadlineMs = deadlineMs }));
        simulation.Flows[0].Server.Application = new Thief(simulation.Flows[0].Server.Application);
        SimulationResult result = simulation.Run();

        Assert.That(result.Violations, Is.EqualTo(new[] { "flow 0: stream 0 (ru): 1 of 50 did not arrive, though the stream ended" }));
    }

    [Test]
    public void Message_OfBestEffortThatNeverReachesTheApplication_BreaksNone()
    {
        var simulation = new Simulation(Scenarios.Of(s_link, new StreamSpec { Mode = "be", Bytes = 50 * Message, Message = Message }));
        simulation.Flows[0].Server.Application = new Thief(simulation.Flows[0].Server.Application);

        Assert.That(simulation.Run(), Has.Property("Ok").True);
    }

    [TestCase(null)]
    [TestCase(50.0)]
    public void Bytes_ThatNeverReachTheApplication_BreakTheGuarantee(double? deadlineMs)
    {
        var simulation = new Simulation(Scenarios.Of(s_link, new StreamSpec { Bytes = 50 * Message, DeadlineMs = deadlineMs }));
        simulation.Flows[0].Server.Application = new Thief(simulation.Flows[0].Server.Application, () => simulation.Flows[0].Streams[0].Delivered >= 40_000);
        SimulationResult result = simulation.Run();

        Assert.That(result.Violations, Has.Some.Contains("are not those that were sent"));
        Assert.That(result.Violations, Has.Some.Contains($"{Thief.Bite} of 50000 did not arrive, though the stream ended"));
    }

    [TestCase("ro")]
    [TestCase("ru")]
    public void Stream_ThatEndsBeforeEverythingWasSent_BreaksTheGuarantee(string mode)
    {
        var simulation = new Simulation(Scenarios.Of(s_link, new StreamSpec { Mode = mode, Bytes = 50_000_000, Message = Message }) with { DurationS = 30 });
        simulation.At(0.3, _ => simulation.Flows[0].Streams[0].Handle.Finish());
        SimulationResult result = simulation.Run();

        Assert.That(result.Violations, Has.Some.Contains("it ended at the receiver before everything was sent"));
    }

    [Test]
    public void Stream_ThatIsReset_BreaksTheGuarantee()
    {
        var simulation = new Simulation(Scenarios.Of(s_link, new StreamSpec { Bytes = 50_000_000 }) with { DurationS = 2 });
        simulation.At(0.3, _ => simulation.Flows[0].Streams[0].Handle.Reset(ReasonCode.Aborted));
        SimulationResult result = simulation.Run();

        Assert.That(result.Ok, Is.False);
        Assert.That(result.Violations, Has.Some.Contains("it was reset: Aborted"));
    }

    [Test]
    public void Server_ThatIsDead_EndsTheConnection()
    {
        var simulation = new Simulation(Scenarios.Of(s_link, new StreamSpec { Bytes = 50_000_000 }));
        simulation.At(0.3, _ => simulation.Flows[0].Server.IsDead = true);
        SimulationResult result = simulation.Run();

        Assert.That(result.Violations, Is.EqualTo(new[] { "flow 0: the connection ended: PeerUnresponsive" }));
    }

    [Test]
    public void Violations_OfAFlow_AreListedUpToTwenty()
    {
        SimulationResult result = RunTampered("ru", packet => packet.Bytes[packet.Length - 1] ^= 1, times: int.MaxValue);

        Assert.That(result.Violations, Has.Count.EqualTo(20));
        Assert.That(result.Flows[0].Streams[0].Corrupted, Is.GreaterThan(20));
    }

    private static SimulationResult RunTampered(string mode, Action<Packet> tamper, int times = 1)
    {
        var simulation = new Simulation(Scenarios.Of(s_link, new StreamSpec { Mode = mode, Bytes = 50 * Message, Message = Message }) with { DurationS = 10 });
        simulation.Link.Observer = new Tamper(tamper, times);
        return simulation.Run();
    }

    /// <summary>Changes the first frames that carry data. The core has no checksum: finding that is the medium's business.</summary>
    private sealed class Tamper(Action<Packet> action, int times) : ILinkObserver
    {
        private int _left = times;

        public void OnFrame(DirectedLink link, Packet packet, FrameFate fate, long now)
        {
            if (fate == FrameFate.Delivered && packet.Length > DataMin && _left > 0)
            {
                _left--;
                action(packet);
            }
        }
    }

    /// <summary>Reads one message, or a few bytes, before the application does.</summary>
    private sealed class Thief(IApplication application, Func<bool>? isTime = null) : IApplication
    {
        public const int Bite = 500;

        private readonly byte[] _buffer = new byte[Message];
        private bool _hasStolen;

        public long DueAt => application.DueAt;

        public void Act(long now) => application.Act(now);

        public void OnEvent(in EndpointEvent item, long now)
        {
            if (item.Kind == EventKind.StreamReadable && !_hasStolen && (isTime is null || isTime()))
            {
                Span<byte> room = item.Stream.Mode == TransportMode.ReliableOrdered ? _buffer.AsSpan(0, Bite) : _buffer;
                _hasStolen = item.Stream.Receive(room).Status == CallStatus.Ok;
            }

            application.OnEvent(item, now);
        }
    }
}
