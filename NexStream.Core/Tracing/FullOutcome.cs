namespace NexStream.Core.Tracing;

/// <summary>
/// Writes an outcome out, field by field: 1 and a number, or 2, a length and bytes; 0 ends it, and the hash follows, which is not
/// known before.
/// </summary>
internal sealed class FullOutcome(TraceWriter writer) : ITraceFields
{
    public const byte End = 0;
    public const byte NumberField = 1;
    public const byte BytesField = 2;

    private bool _isOpen;

    public void Number(ulong value)
    {
        Begin();
        writer.Byte(NumberField);
        writer.Varint(value);
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        Begin();
        writer.Byte(BytesField);
        writer.Varint(bytes.Length);
        writer.Bytes(bytes);
    }

    /// <summary>Ends the item; the hash follows.</summary>
    public void Close()
    {
        writer.Byte(End);
        _isOpen = false;
    }

    private void Begin()
    {
        if (!_isOpen)
        {
            writer.Operation(TraceOperation.FullOutcome);
            _isOpen = true;
        }
    }
}
