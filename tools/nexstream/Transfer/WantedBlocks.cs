using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using NexStream.Core;

namespace NexStream.Tool.Transfer;

/// <summary>Sends blocks of a file as messages of a stream that may lose them, as the receiver asks for them.</summary>
internal sealed class WantedBlocks(SafeFileHandle file, long length, StreamHandle stream, uint fileStream)
{
    /// <summary>In front of a block: the kind of message (1 byte), the file's stream (4), the offset (8), in network byte order.</summary>
    public const int PrefixSize = 1 + sizeof(uint) + sizeof(long);

    /// <summary>Requests that wait; a receiver that follows the protocol never has more under way.</summary>
    private const int RequestsMax = 256;

    /// <summary>Messages of one turn, so that other files and the driver have theirs.</summary>
    private const int BlocksPerTurn = 64;

    /// <summary>Bytes that may wait to be sent: beyond the stream's buffer the oldest would be dropped.</summary>
    private const int QueuedMax = 256 * 1024;

    private readonly long _blocks = (length + BlockPlan.BlockSize - 1) / BlockPlan.BlockSize;
    private readonly Queue<(long First, int Count)> _requests = new();
    private readonly byte[] _message = new byte[PrefixSize + BlockPlan.BlockSize];
    private long _next;
    private int _left;

    /// <summary>The receiver asks: "FIRST COUNT", in blocks. False: that is no request for blocks of this file.</summary>
    public bool TryAdd(string text)
    {
        string[] parts = text.Split(' ');
        if (parts.Length != 2 || _requests.Count == RequestsMax
            || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long first)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            || count == 0 || first >= _blocks || count > _blocks - first)
        {
            return false;
        }

        _requests.Enqueue((first, count));
        return true;
    }

    /// <summary>Sends on. Returns whether it got on.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public bool Turn()
    {
        bool worked = false;
        for (int i = 0; i < BlocksPerTurn && stream.Statistics.SendBuffered < QueuedMax; i++)
        {
            if (_left == 0)
            {
                if (!_requests.TryDequeue(out (long First, int Count) request))
                {
                    break;
                }

                (_next, _left) = request;
            }

            long offset = _next * BlockPlan.BlockSize;
            int read = RandomAccess.Read(file, _message.AsSpan(PrefixSize, (int)Math.Min(BlockPlan.BlockSize, length - offset)), offset);
            _message[0] = (byte)FileMessageKind.Content;
            BinaryPrimitives.WriteUInt32BigEndian(_message.AsSpan(1), fileStream);
            BinaryPrimitives.WriteInt64BigEndian(_message.AsSpan(1 + sizeof(uint)), offset);
            if (stream.Send(_message.AsSpan(0, PrefixSize + read)).Bytes == 0)
            {
                break;
            }

            _next++;
            _left--;
            worked = true;
        }

        return worked;
    }

    /// <summary>Takes a message apart. False: it is none of these.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, out uint fileStream, out long offset, out ReadOnlySpan<byte> content)
    {
        bool isBlock = message.Length > PrefixSize && message[0] == (byte)FileMessageKind.Content;
        fileStream = isBlock ? BinaryPrimitives.ReadUInt32BigEndian(message[1..]) : 0;
        offset = isBlock ? BinaryPrimitives.ReadInt64BigEndian(message[(1 + sizeof(uint))..]) : 0;
        content = isBlock ? message[PrefixSize..] : [];
        return isBlock;
    }
}
