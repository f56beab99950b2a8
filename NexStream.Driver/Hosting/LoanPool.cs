using NexStream.Core;
using NexStream.Core.Buffers;

namespace NexStream.Driver.Hosting;

/// <summary>Loans that are not in use. The driver's thread alone uses it; that what is lent keeps the memory alive is the host's care.</summary>
internal sealed class LoanPool(NexStreamHost host, Endpoint endpoint)
{
    /// <summary>Unused ones that are kept; more than these are left to the collector.</summary>
    private const int KeptMax = 1024;

    private readonly Stack<FrameLoan> _unused = new(KeptMax);

    public FrameLoan Rent(ConnectionRecord connection, ReadOnlySpan<PayloadSlice> slices)
    {
        host.HoldMemory();
        FrameLoan loan = _unused.TryPop(out FrameLoan? unused) ? unused : new FrameLoan(host);
        loan.Set(connection, slices);
        return loan;
    }

    /// <summary>Gives the frames back to the endpoint.</summary>
    public void GiveBack(FrameLoan loan)
    {
        endpoint.Return(loan.Slices);
        Keep(loan);
    }

    /// <summary>The frames were given away already.</summary>
    public void Keep(FrameLoan loan)
    {
        loan.Clear();
        if (_unused.Count < KeptMax)
        {
            _unused.Push(loan);
        }

        host.ReleaseMemory();
    }
}
