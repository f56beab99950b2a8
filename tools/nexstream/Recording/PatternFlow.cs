using NexStream.Core;
using NexStream.Core.Primitives;
using NexStream.Replay;

namespace NexStream.Tool.Recording;

/// <summary>One mode's share of a recorded run: sends the generator's bytes at a steady rate, and checks what arrives.</summary>
internal sealed class PatternFlow(TransportMode mode, int size, double bytesPerNs, WordPattern pattern)
{
    // Each mode has a region of the pattern for itself, far beyond what a run sends.
    private const int RegionBits = 48;

    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly byte[] _expected = new byte[64 * 1024];
    private readonly ulong _origin = (ulong)mode << RegionBits;
    private bool _isFinished;

    public TransportMode Mode => mode;

    public StreamHandle Sender { get; set; }

    public StreamHandle Receiver { get; set; }

    public long Sent { get; private set; }

    public long Delivered { get; private set; }

    /// <summary>Pieces that are not what was sent.</summary>
    public int Wrong { get; private set; }

    /// <summary>Whether the reader came to the end.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Whether everything that was sent has to arrive.</summary>
    public bool IsReliable => mode is TransportMode.ReliableOrdered or TransportMode.ReliableUnordered;

    /// <summary>Sends as much as the rate allows after so long; after the end, finishes.</summary>
    public bool Send(long elapsedNs, bool isOver)
    {
        bool worked = false;
        while (!isOver && Sent + size <= elapsedNs * bytesPerNs)
        {
            pattern.Fill(_origin + (ulong)Sent, _buffer.AsSpan(0, size));
            SendResult result = Sender.Send(_buffer.AsSpan(0, size));
            Sent += result.Bytes;
            worked |= result.Bytes > 0;
            if (result.Bytes < size)
            {
                return worked;
            }
        }

        if (isOver && !_isFinished)
        {
            _isFinished = true;
            Sender.Finish();
        }

        return worked;
    }

    /// <summary>Reads and checks what there is.</summary>
    public bool Receive()
    {
        bool worked = false;
        while (!IsDone && Receiver.IsReadable)
        {
            ReceiveResult result = Receiver.Receive(_buffer);
            if (result.Status != CallStatus.Ok)
            {
                IsDone = result.Status != CallStatus.WouldBlock;
                if (IsDone)
                {
                    // The other half, which sends nothing.
                    Receiver.Close();
                }

                return worked;
            }

            worked = true;
            Check(_buffer.AsSpan(0, result.Bytes));
            Delivered += result.Bytes;
        }

        return worked;
    }

    private void Check(ReadOnlySpan<byte> bytes)
    {
        ulong position = _origin + (ulong)Delivered;
        if (mode != TransportMode.ReliableOrdered)
        {
            bool isWhole = pattern.TryLocate(bytes, out _, out position) && bytes.Length == size && position >= _origin && position - _origin <= (ulong)(Sent - size);
            Wrong += isWhole && (position - _origin) % (ulong)size == 0 ? 0 : 1;
            return;
        }

        pattern.Fill(position, _expected.AsSpan(0, bytes.Length));
        Wrong += bytes.SequenceEqual(_expected.AsSpan(0, bytes.Length)) ? 0 : 1;
    }
}
