using NexStream.Core;

namespace NexStream.Tests.Support;

/// <summary>What an application does with a stream again and again.</summary>
internal static class Streams
{
    /// <summary>Reads everything that there is and returns it, message by message (RO: read by read).</summary>
    public static List<byte[]> ReadAll(this StreamHandle stream, int bufferSize = 2 * 1024 * 1024)
    {
        var messages = new List<byte[]>();
        byte[] buffer = new byte[bufferSize];
        while (stream.Receive(buffer) is { Status: CallStatus.Ok, Bytes: > 0 } result)
        {
            messages.Add(buffer[..result.Bytes]);
        }

        return messages;
    }

    /// <summary>Sends until the stream takes no more; returns how many bytes it took.</summary>
    public static long FillUp(this StreamHandle stream, ReadOnlySpan<byte> chunk)
    {
        long taken = 0;
        while (stream.Send(chunk) is { Bytes: > 0 } result)
        {
            taken += result.Bytes;
        }

        return taken;
    }
}
