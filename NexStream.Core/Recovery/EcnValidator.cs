using System.Runtime.CompilerServices;

namespace NexStream.Core.Recovery;

/// <summary>
/// Finds out whether a path carries ECN marks, and believes the peer's counts only as long as they can be true
/// (RFC 9000 §13.4.2 and appendix A.4). We send ECT(0) and never ECT(1).
/// </summary>
internal struct EcnValidator
{
    /// <summary>Packets marked before the outcome is awaited (RFC 9000 appendix A.4 suggests ten).</summary>
    public const int TestingPackets = 10;

    private ulong _sent;
    private ulong _lost;
    private ulong _ect0;
    private ulong _ce;

    /// <summary>What is known about the path.</summary>
    public EcnState State { get; private set; }

    /// <summary>Whether the next packet leaves with ECT(0).</summary>
    public readonly bool MarkEct0
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => State is EcnState.Testing or EcnState.Capable;
    }

    /// <summary>A new path.</summary>
    /// <param name="isEnabled">Whether ECN is to be tried at all.</param>
    public void Reset(bool isEnabled) => this = new EcnValidator { State = isEnabled ? EcnState.Testing : EcnState.Failed };

    /// <summary>So many packets from now on are marked as the next one is.</summary>
    public readonly int PacketsAlike => State == EcnState.Testing ? (int)(TestingPackets - _sent) : int.MaxValue;

    /// <summary>Packets left, all marked alike.</summary>
    /// <param name="isMarked">Whether they carried ECT(0).</param>
    /// <param name="count">How many.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OnPacketsSent(bool isMarked, int count = 1)
    {
        if (!isMarked)
        {
            return;
        }

        _sent += (uint)count;
        if (State == EcnState.Testing && _sent >= TestingPackets)
        {
            State = EcnState.Unknown;
        }
    }

    /// <summary>Packets that left with ECT(0) were declared lost. A path that loses every one of the test drops marked packets.</summary>
    public void OnLost(int markedPackets)
    {
        _lost += (ulong)markedPackets;
        if (State == EcnState.Unknown && _lost >= _sent)
        {
            State = EcnState.Failed;
        }
    }

    /// <summary>
    /// The counts of an acknowledgement that raises the largest number acknowledged. Others must not come here: reordered acknowledgements
    /// carry older counts (RFC 9000 §13.4.2.1).
    /// </summary>
    /// <param name="ect0">Packets that the peer received with ECT(0), in total.</param>
    /// <param name="ect1">Packets that the peer received with ECT(1), in total.</param>
    /// <param name="ce">Packets that the peer received with congestion experienced, in total.</param>
    /// <param name="newlyAcknowledgedMarkedPackets">Packets sent with ECT(0) that this acknowledgement newly acknowledges.</param>
    /// <param name="newCe">Packets newly reported with congestion experienced; 0 when the counts are not believed.</param>
    public void OnAck(ulong ect0, ulong ect1, ulong ce, int newlyAcknowledgedMarkedPackets, out ulong newCe)
    {
        newCe = 0;
        if (State == EcnState.Failed)
        {
            return;
        }

        if (!IsPossible(ect0, ect1, ce, newlyAcknowledgedMarkedPackets))
        {
            State = EcnState.Failed;
            return;
        }

        newCe = ce - _ce;
        _ect0 = ect0;
        _ce = ce;
        if (State != EcnState.Unknown)
        {
            return;
        }

        if (ect0 > 0)
        {
            State = EcnState.Capable;
        }
        else if (ce >= TestingPackets)
        {
            // Every packet of the test came out as congested: something on the path sets the mark whatever happens.
            State = EcnState.Failed;
            newCe = 0;
        }
    }

    private readonly bool IsPossible(ulong ect0, ulong ect1, ulong ce, int newlyAcknowledged)
    {
        // Counts only rise; nothing was sent with ECT(1); no more can have arrived than was sent (written so that huge counts cannot overflow).
        if (ect1 != 0 || ect0 < _ect0 || ce < _ce || ect0 > _sent || ce > _sent - ect0)
        {
            return false;
        }

        // What is newly acknowledged must be among what is newly counted: otherwise the path erases the marks.
        return ect0 - _ect0 + (ce - _ce) >= (ulong)newlyAcknowledged;
    }
}
