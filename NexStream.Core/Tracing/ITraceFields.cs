namespace NexStream.Core.Tracing;

/// <summary>Sees everything that an outcome consists of, in order: to write it down, or to show it.</summary>
internal interface ITraceFields
{
    void Number(ulong value);

    void Bytes(ReadOnlySpan<byte> bytes);
}
