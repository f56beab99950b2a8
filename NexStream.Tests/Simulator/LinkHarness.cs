using NexStream.Core.Wire;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Links;
using NexStream.Simulator.Scenarios;

namespace NexStream.Tests.Simulator;

/// <summary>One direction of a link by itself: frames go in at given times, and what becomes of each is written down.</summary>
internal sealed class LinkHarness : ILinkObserver
{
    public const long Millisecond = 1_000_000;
    public const int Mtu = 1500;

    /// <summary>A frame of this size takes one millisecond at <see cref="RateMbps"/>.</summary>
    public const int Size = 1000;
    public const double RateMbps = 8;

    private readonly Agenda _agenda = new();
    private readonly PacketPool _pool = new(1 << 16);
    private int _sent;

    public LinkHarness(DirectionSpec spec, ulong seed = 1)
    {
        spec = spec with { RateMbps = spec.RateMbps ?? RateMbps };
        Link = new DirectedLink("link", spec, Mtu, seed, _agenda, _pool, Meter, Deliver) { Observer = this };
    }

    public DirectedLink Link { get; }

    public QueueMeter Meter { get; } = new(1);

    /// <summary>Frames that came out, by number, with the time and the marks they had.</summary>
    public List<(int Number, long At, EcnCodepoint Ecn)> Arrivals { get; } = [];

    public Dictionary<FrameFate, List<int>> Fates { get; } = [];

    public IEnumerable<int> Numbers => Arrivals.Select(a => a.Number);

    public IReadOnlyList<int> With(FrameFate fate) => Fates.GetValueOrDefault(fate) ?? [];

    /// <summary>Has so many frames put into the queue at once.</summary>
    public LinkHarness Send(double atMs, int count = 1, int size = Size, EcnCodepoint ecn = EcnCodepoint.NotEct)
    {
        _ = new Clockwork((long)(atMs * Millisecond), 0, now =>
        {
            for (int i = 0; i < count; i++)
            {
                Packet packet = _pool.Take();
                packet.Header = new LinkHeader { Ecn = ecn, StreamId = (uint)_sent++ };
                packet.Length = size - LinkHeader.Size;
                packet.Flow = 0;
                Link.Send(packet, now);
            }
        }, _agenda);
        return this;
    }

    /// <summary>Has a frame sent again and again.</summary>
    public LinkHarness SendEvery(double intervalMs, double fromMs, double toMs, EcnCodepoint ecn = EcnCodepoint.NotEct)
    {
        for (int i = 0; fromMs + (i * intervalMs) < toMs; i++)
        {
            Send(fromMs + (i * intervalMs), ecn: ecn);
        }

        return this;
    }

    /// <summary>Lets virtual time go until nothing is left to happen.</summary>
    public LinkHarness Run()
    {
        long now = 0;
        while (_agenda.First.DueAt != Actor.Never)
        {
            Assert.That(_agenda.First.DueAt, Is.GreaterThanOrEqualTo(now), "virtual time went back");
            now = _agenda.First.DueAt;
            _agenda.First.Act(now);
        }

        return this;
    }

    public void OnFrame(DirectedLink link, Packet packet, FrameFate fate, long now)
    {
        if (!Fates.TryGetValue(fate, out List<int>? numbers))
        {
            Fates.Add(fate, numbers = []);
        }

        numbers.Add((int)packet.Header.StreamId);
    }

    private void Deliver(Packet packet, long now)
    {
        Arrivals.Add(((int)packet.Header.StreamId, now, packet.Header.Ecn));
        _pool.Return(packet);
    }
}
