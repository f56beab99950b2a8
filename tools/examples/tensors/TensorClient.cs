using Microsoft.Win32.SafeHandles;
using NexStream.Core.Primitives;
using NexStream.Driver.Hosting;

namespace NexStream.Examples.Tensors;

/// <summary>How far a fetch is.</summary>
/// <param name="Tensor">The tensor of which something has happened.</param>
/// <param name="Written">Bytes of all tensors that are in the file, those of earlier runs included.</param>
/// <param name="Length">Bytes of all tensors.</param>
/// <param name="IsChecked">The tensor is complete, and its SHA-256 is the server's.</param>
internal readonly record struct TensorProgress(Tensor Tensor, long Written, long Length, bool IsChecked);

/// <summary>Fetches a file tensor by tensor. What arrived is kept in FILE.part, and FILE.journal says what that is; FILE is there when all of it is.</summary>
internal sealed class TensorClient(NexStreamConnection connection, IProgress<TensorProgress> progress)
{
    /// <summary>Tensors that are under way at a time: what fills the time between one's last byte and the next one's first.</summary>
    private const int StreamsMax = 4;

    /// <summary>What a crash costs at most of each tensor under way.</summary>
    private const long JournalStep = 256 * 1024;

    private long _written;
    private long _length;
    private long _asked;

    /// <summary>Fetches what is missing of the server's file. Called again after it failed, or after a crash, it goes on.</summary>
    /// <returns>Bytes that the server was asked for.</returns>
    /// <exception cref="InvalidDataException">What came is not what the server says that it has.</exception>
    public async Task<long> FetchAsync(string path, CancellationToken cancellation = default)
    {
        TensorIndex index = await AskIndexAsync(cancellation);
        string part = $"{path}.part";
        if (!File.Exists(part))
        {
            File.Delete($"{path}.journal");
        }

        using (Journal journal = new($"{path}.journal", index))
        using (SafeFileHandle file = File.OpenHandle(part, journal.IsNew ? FileMode.Create : FileMode.Open, FileAccess.ReadWrite))
        {
            RandomAccess.Write(file, index.Header.Bytes, 0);
            IEnumerable<int> numbers = Enumerable.Range(0, index.Header.Tensors.Count);
            _written = numbers.Sum(number => journal[number]);
            _length = index.Header.FileLength - index.Header.Bytes.Length;
            ParallelOptions options = new() { MaxDegreeOfParallelism = StreamsMax, CancellationToken = cancellation };
            await Parallel.ForEachAsync(numbers, options, async (number, stop) => await CompleteAsync(index, number, file, journal, stop));
        }

        File.Move(part, path, overwrite: true);
        File.Delete($"{path}.journal");
        return _asked;
    }

    private async Task<TensorIndex> AskIndexAsync(CancellationToken cancellation)
    {
        await using NexStreamStream stream = await AskAsync(new TensorRequest(TensorRequest.Index, 0), cancellation);
        return await TensorIndex.ReadAsync(stream.AsStream(), cancellation);
    }

    private async Task<NexStreamStream> AskAsync(TensorRequest request, CancellationToken cancellation)
    {
        NexStreamStream stream = await connection.OpenStreamAsync(TransportMode.ReliableOrdered, cancellation);

        // A new stream takes so few bytes at once: there is nothing to cancel.
        await stream.SendAsync(request.ToBytes(), CancellationToken.None);
        await stream.FinishAsync(CancellationToken.None);
        return stream;
    }

    private async Task CompleteAsync(TensorIndex index, int number, SafeFileHandle file, Journal journal, CancellationToken cancellation)
    {
        Tensor tensor = index.Header.Tensors[number];
        bool isResumed = journal[number] > 0;
        await ReceiveAsync(tensor, number, file, journal, cancellation);
        if (!index.IsRight(number, file) && isResumed)
        {
            // What an earlier run wrote may have been lost with the machine's power: once more, all of it.
            Interlocked.Add(ref _written, -tensor.Length);
            journal.Record(number, 0);
            await ReceiveAsync(tensor, number, file, journal, cancellation);
        }

        if (!index.IsRight(number, file))
        {
            journal.Record(number, 0);
            throw new InvalidDataException($"Tensor {tensor} arrived with another SHA-256 than the server has: the server's file has changed. Restart the server, then fetch again.");
        }

        progress.Report(new TensorProgress(tensor, Interlocked.Read(ref _written), _length, IsChecked: true));
    }

    private async Task ReceiveAsync(Tensor tensor, int number, SafeFileHandle file, Journal journal, CancellationToken cancellation)
    {
        long position = journal[number];
        if (position == tensor.Length)
        {
            return;
        }

        Interlocked.Add(ref _asked, tensor.Length - position);
        await using NexStreamStream stream = await AskAsync(new TensorRequest(number, position), cancellation);
        List<ReadOnlyMemory<byte>> pieces = [];
        try
        {
            while (position < tensor.Length)
            {
                // The packets' memory is what the file is written from.
                using ReceiveLease lease = await stream.ReceiveLeaseAsync(cancellation);
                if (lease.IsEnd || lease.Data.Length > tensor.Length - position)
                {
                    throw new InvalidDataException($"The server sent {position + lease.Data.Length} bytes of tensor {tensor}, which has {tensor.Length}: it does not keep to this protocol.");
                }

                pieces.Clear();
                foreach (ReadOnlyMemory<byte> piece in lease.Data)
                {
                    pieces.Add(piece);
                }

                RandomAccess.Write(file, pieces, tensor.Offset + position);
                position += lease.Data.Length;
                progress.Report(new TensorProgress(tensor, Interlocked.Add(ref _written, lease.Data.Length), _length, IsChecked: false));
                if (position - journal[number] >= JournalStep)
                {
                    journal.Record(number, position);
                }
            }
        }
        finally
        {
            journal.Record(number, position);
        }
    }
}
