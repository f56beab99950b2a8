using System.Buffers.Binary;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Swarm.Running;

/// <summary>
/// Connections, by their tags, that heard something which no honest peer had said. Without authentication they may break in any way that the protocol knows;
/// what is still asked of them is what protects everybody else: no throw, bounded memory, no leak, an end.
/// </summary>
internal sealed class Taint
{
    private readonly HashSet<ulong> _tags = [];

    public void Add(ulong tag) => _tags.Add(tag);

    public bool Has(ulong tag) => tag != 0 && _tags.Contains(tag);

    /// <summary>Taints what a packet is for, and where it asks for or grants a connection, that one.</summary>
    public void AddNamed(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < PacketHeader.Size)
        {
            return;
        }

        _tags.Add(BinaryPrimitives.ReadUInt64BigEndian(packet));
        var reader = new FrameReader(packet[PacketHeader.Size..]);
        while (!reader.IsAtData && reader.TryRead(out RawFrame raw))
        {
            if (raw.Type == FrameType.ConnInit && ConnInitFrame.TryRead(raw, out ConnInitFrame init))
            {
                _tags.Add(init.Parameters.Tag);
            }
            else if (raw.Type == FrameType.ConnAccept && ConnAcceptFrame.TryRead(raw, out ConnAcceptFrame accept))
            {
                _tags.Add(accept.Parameters.Tag);
            }
        }
    }
}
