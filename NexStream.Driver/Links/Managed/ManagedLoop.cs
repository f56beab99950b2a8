namespace NexStream.Driver.Links.Managed;

/// <summary>What the two ends of a loop share. It goes when both have left, so that one end's closing pulls nothing from under the other.</summary>
internal sealed class ManagedLoop
{
    private readonly DescriptorRing _toB;
    private readonly DescriptorRing _toA;
    private int _ends = 2;

    public ManagedLoop(ManagedArena a, ManagedArena b, uint ringCapacity)
    {
        _toB = new DescriptorRing(ringCapacity);
        _toA = new DescriptorRing(ringCapacity);
        HoldReturns framesOfA = new(a.FrameCount);
        HoldReturns framesOfB = new(b.FrameCount);
        A = new ManagedLink(this, a, b, LinkEpochs.Next(), _toB, _toA, framesOfB, framesOfA);
        B = new ManagedLink(this, b, a, LinkEpochs.Next(), _toA, _toB, framesOfA, framesOfB);
        A.Join(B);
        B.Join(A);
        a.AddReference();
        b.AddReference();
    }

    public ManagedLink A { get; }

    public ManagedLink B { get; }

    public void Leave()
    {
        if (Interlocked.Decrement(ref _ends) == 0)
        {
            _toB.Free();
            _toA.Free();
            A.Arena.Release();
            B.Arena.Release();
            A.Dispose();
            B.Dispose();
        }
    }
}
