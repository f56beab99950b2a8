namespace NexStream.Swarm.Drawing;

/// <summary>What the network does to packets of one direction between two nodes, until the world heals.</summary>
/// <param name="DelayNs">How long a packet is under way at least.</param>
/// <param name="JitterNs">How much longer it may take.</param>
/// <param name="Loss">The share of packets that are lost one by one.</param>
/// <param name="BurstBegin">How likely a packet begins a run of lost ones.</param>
/// <param name="BurstEnd">How likely a run ends with the next packet.</param>
/// <param name="Reordering">The share of packets that are held up, and overtaken.</param>
/// <param name="HoldNs">How long these are held up at most.</param>
/// <param name="Duplication">The share that comes twice.</param>
/// <param name="HeaderCorruption">The share whose NexLink header is changed.</param>
/// <param name="Corruption">The share whose bytes are changed.</param>
/// <param name="Marks">The share that is marked as having met congestion.</param>
/// <param name="Bleaches">Whether ECN is wiped out.</param>
/// <param name="BytesPerSecond">What the bottleneck carries; 0: there is none.</param>
/// <param name="QueueNs">How long the queue before it may be, in time.</param>
/// <param name="Mtu">Longer frames vanish; they come through again, or do not, when the world has healed.</param>
/// <param name="MtuHeals">Whether they do.</param>
/// <param name="DeadFromNs">From when on nothing comes through, since the world began; <see cref="long.MaxValue"/>: never.</param>
/// <param name="DeadForNs">How long after that; <see cref="long.MaxValue"/>: until the world heals.</param>
/// <param name="OutageEveryNs">How far outages are apart; 0: there are none.</param>
/// <param name="OutageNs">How long each is.</param>
internal sealed record LinkPlan(
    long DelayNs, long JitterNs, double Loss, double BurstBegin, double BurstEnd, double Reordering, long HoldNs, double Duplication,
    double HeaderCorruption, double Corruption, double Marks, bool Bleaches, long BytesPerSecond, long QueueNs, int Mtu, bool MtuHeals,
    long DeadFromNs, long DeadForNs, long OutageEveryNs, long OutageNs);
