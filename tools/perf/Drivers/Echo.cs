using NexStream.Core;

namespace NexStream.Perf.Drivers;

/// <summary>Sends back what it reads.</summary>
/// <param name="bytes">Bytes that come at once.</param>
internal sealed class Echo(int bytes)
{
    /// <summary>Longer than what comes at once: a read that does not fill it was the last for now.</summary>
    private readonly byte[] _data = new byte[bytes + 1];

    public void OnReadable(StreamHandle stream)
    {
        bool hasMore = true;
        while (hasMore)
        {
            ReceiveResult result = stream.Receive(_data);
            if (result.Status != CallStatus.Ok)
            {
                return;
            }

            stream.Send(_data.AsSpan(0, result.Bytes));
            hasMore = result.Bytes == _data.Length;
        }
    }
}
