using Microsoft.Win32.SafeHandles;
using NexStream.Core.Primitives;
using NexStream.Driver.Hosting;

namespace NexStream.Examples.Tensors;

/// <summary>
/// Offers a file. Each answer has an RO stream of its own: a byte's place in the file follows from its place in the stream, so that nothing but the tensor is sent, who comes
/// again asks for the rest by a number, and a loss holds up one tensor only. RU messages would each have to say where they belong, and whole
/// tensors are longer than a message may be.
/// </summary>
internal sealed class TensorServer : IDisposable
{
    /// <summary>What a client is told that asks for what there is not, or not any more, or not as it should.</summary>
    public const ReasonCode NotThere = ReasonCode.ApplicationBase;

    private readonly SafeFileHandle _file;
    private readonly string _path;
    private long _asked;

    /// <exception cref="InvalidDataException">It is no .safetensors file.</exception>
    public TensorServer(string path)
    {
        _path = path;
        _file = File.OpenHandle(path);
        try
        {
            Index = TensorIndex.Of(_file, path);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    public TensorIndex Index { get; }

    /// <summary>Bytes of tensors that clients have asked for.</summary>
    public long Asked => Interlocked.Read(ref _asked);

    /// <summary>Serves whoever connects until the host is disposed of.</summary>
    public async Task ServeAsync(NexStreamHost host)
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await host.AcceptAsync());
            }
        }
        catch (NexStreamException)
        {
            // The host is over.
        }
    }

    public void Dispose() => _file.Dispose();

    private async Task ServeAsync(NexStreamConnection connection)
    {
        try
        {
            while (true)
            {
                _ = AnswerAsync(await connection.AcceptStreamAsync());
            }
        }
        catch (NexStreamException)
        {
            // The client is done, or gone.
        }
    }

    private async Task AnswerAsync(NexStreamStream stream)
    {
        try
        {
            byte[] bytes = new byte[TensorRequest.Size];
            await stream.AsStream().ReadExactlyAsync(bytes);
            TensorRequest request = TensorRequest.Read(bytes);
            bool isWhole = await stream.ReceiveAsync(new byte[1]) == 0;
            if (isWhole && request.Number == TensorRequest.Index)
            {
                await stream.SendAsync(Index.Bytes);
            }
            else if (isWhole && request.Number >= 0 && request.Number < Index.Header.Tensors.Count && request.Position >= 0 && request.Position <= Index.Header.Tensors[request.Number].Length)
            {
                await SendAsync(stream, Index.Header.Tensors[request.Number], request.Position);
            }
            else
            {
                stream.Abort(NotThere);
            }

            await stream.DisposeAsync();
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // The client broke off, the file is not what it was, or this server is over.
            stream.Abort(NotThere);
        }
    }

    private async Task SendAsync(NexStreamStream stream, Tensor tensor, long position)
    {
        Interlocked.Add(ref _asked, tensor.Length - position);
        while (position < tensor.Length)
        {
            // The file is read into the frame that the packets are made of.
            using SendLease lease = await stream.LeaseAsync();
            int count = RandomAccess.Read(_file, lease.Memory.Span[..(int)Math.Min(lease.Memory.Length, tensor.Length - position)], tensor.Offset + position);
            if (count == 0)
            {
                throw new EndOfStreamException($"{_path} was cut off while it was sent: it ended in tensor {tensor}.");
            }

            await stream.SendAsync(lease, count);
            position += count;
        }
    }
}
