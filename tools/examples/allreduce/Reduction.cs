using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace NexStream.Examples.AllReduce;

/// <summary>
/// The sum of every process's numbers, in every process, by a ring (Patarasuk and Yuan 2009): in N - 1 steps each chunk goes round and is added up, in N - 1 more the sums
/// go round. Blocks may come in any order: each names its step and its place, no two steps touch the same chunk in the same way, and a step
/// begins when the one before was received.
/// </summary>
internal sealed class Reduction(int rank, int count, float[] numbers)
{
    private const int HeaderSize = 2 * sizeof(int);
    private const int NumbersPerBlock = 32 * 1024;
    public const int BlockSize = HeaderSize + (NumbersPerBlock * sizeof(float));

    private readonly int _chunk = numbers.Length / count;
    private readonly int[] _received = new int[2 * (count - 1)];
    private readonly byte[] _out = new byte[BlockSize];
    private readonly byte[] _in = new byte[BlockSize];

    /// <summary>Numbers that can be shared among so many processes: the least number of blocks for each that is at least that long.</summary>
    public static int LengthFor(int bytes, int count)
    {
        int unit = count * NumbersPerBlock;
        return (bytes / sizeof(float) + unit - 1) / unit * unit;
    }

    public async Task RunAsync(IRing ring)
    {
        for (int step = 0; step < _received.Length; step++)
        {
            // The chunk that a process sends is the one that it received in the step before.
            int chunk = (rank - step + (2 * count) + (step >= count - 1 ? count : 0)) % count;
            Task sending = SendAsync(ring, step, chunk * _chunk);
            while (_received[step] < _chunk / NumbersPerBlock)
            {
                await ring.ReceiveAsync(_in);
                Take();
            }

            await sending;
        }
    }

    private async Task SendAsync(IRing ring, int step, int first)
    {
        for (int at = first; at < first + _chunk; at += NumbersPerBlock)
        {
            BinaryPrimitives.WriteInt32LittleEndian(_out, step);
            BinaryPrimitives.WriteInt32LittleEndian(_out.AsSpan(sizeof(int)), at);
            MemoryMarshal.AsBytes(numbers.AsSpan(at, NumbersPerBlock)).CopyTo(_out.AsSpan(HeaderSize));
            await ring.SendAsync(_out);
        }
    }

    private void Take()
    {
        int step = BinaryPrimitives.ReadInt32LittleEndian(_in);
        int at = BinaryPrimitives.ReadInt32LittleEndian(_in.AsSpan(sizeof(int)));
        ReadOnlySpan<float> block = MemoryMarshal.Cast<byte, float>(_in.AsSpan(HeaderSize));
        Span<float> own = numbers.AsSpan(at, NumbersPerBlock);
        if (step < count - 1)
        {
            for (int i = 0; i < own.Length; i++)
            {
                own[i] += block[i];
            }
        }
        else
        {
            block.CopyTo(own);
        }

        _received[step]++;
    }
}
