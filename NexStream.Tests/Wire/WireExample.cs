using System.Buffers.Binary;
using NexStream.Core.Wire;

namespace NexStream.Tests.Wire;

/// <summary>A worked example of docs/wire-format.md: what it shows, its bytes, and its fields as lines "name = value".</summary>
internal sealed record WireExample(string Kind, byte[] Bytes, IReadOnlyList<string> Fields, int Line)
{
    /// <summary>Bytes of the frame that the example begins with; behind DATA follows the application's payload.</summary>
    public int FrameLength => RawFrame.HeaderSize + BinaryPrimitives.ReadUInt16BigEndian(Bytes.AsSpan(2));

    public override string ToString() => $"{Kind} (line {Line})";
}
