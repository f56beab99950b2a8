using NexStream.Core.Primitives;
using NexStream.Driver.Links;

namespace NexStream.Tool.Impairment;

/// <summary>
/// An imitated network between two endpoints of this process: a loop link to each of them, and what happens to packets in between.
/// Poll it in turn with the endpoints' drivers.
/// </summary>
internal sealed class NetworkRelay : IDisposable
{
    /// <summary>Packets that can be under way: beyond it the network drops, as a router's queue would.</summary>
    private const int FrameCount = 4096;

    private const int BatchSize = 16;

    /// <summary>Seeds of the two directions must differ, or both would lose the same packets: the golden ratio's bits, as in SplitMix64.</summary>
    private const ulong SeedStep = 0x9E3779B97F4A7C15;

    private readonly RelayMemory _memory;
    private readonly Link _nearA;
    private readonly Link _nearB;
    private readonly LinkRelease[] _reclaimed = new LinkRelease[BatchSize];

    public NetworkRelay(LinkLibrary library, LinkArena a, LinkArena b, int ringCapacity, int payloadMax, ImpairmentSettings settings, ulong seed)
    {
        // The link layer wants frames in multiples of 64 bytes.
        _memory = new RelayMemory(library, (payloadMax + 63) / 64 * 64, FrameCount);
        (EndA, _nearA) = library.CreateLoop(a, _memory.Arena, ringCapacity);
        (EndB, _nearB) = library.CreateLoop(b, _memory.Arena, ringCapacity);
        AToB = new RelayDirection(_nearA, _nearB, _memory, new ImpairmentPlan(settings, seed));
        BToA = new RelayDirection(_nearB, _nearA, _memory, new ImpairmentPlan(settings, unchecked(seed + SeedStep)));
    }

    /// <summary>The first endpoint's link; its owner disposes of it.</summary>
    public Link EndA { get; }

    /// <summary>The second endpoint's link; its owner disposes of it.</summary>
    public Link EndB { get; }

    public RelayDirection AToB { get; }

    public RelayDirection BToA { get; }

    /// <summary>Frames that no packet occupies.</summary>
    public int FreeFrames => _memory.FreeCount;

    public Instant NextArrival => Instant.Min(AToB.NextArrival, BToA.NextArrival);

    public bool Poll(Instant now)
    {
        Reclaim(_nearA);
        Reclaim(_nearB);
        return AToB.Poll(now) | BToA.Poll(now);
    }

    public void Dispose()
    {
        _nearA.Dispose();
        _nearB.Dispose();
        _memory.Dispose();
    }

    private void Reclaim(Link link)
    {
        for (int count = link.Reclaim(_reclaimed); count > 0; count = link.Reclaim(_reclaimed))
        {
            foreach (LinkRelease release in _reclaimed.AsSpan(0, count))
            {
                _memory.Return((int)release.Frame, (int)release.Holds);
            }
        }
    }
}
