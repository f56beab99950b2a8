using NexStream.Core;

namespace NexStream.Perf.Drivers;

/// <summary>Sends back what it reads.</summary>
internal sealed class Echo(int bytes)
{
    private readonly byte[] _data = new byte[bytes];

    public void OnReadable(StreamHandle stream)
    {
        for (ReceiveResult result = stream.Receive(_data); result.Status == CallStatus.Ok; result = stream.Receive(_data))
        {
            stream.Send(_data.AsSpan(0, result.Bytes));
        }
    }
}
