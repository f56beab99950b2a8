using System.Runtime.CompilerServices;
using NexStream.Core.Tracing;

namespace NexStream.Replay.Reading;

/// <summary>Numbers and bytes that an outcome consists of, in order.</summary>
internal sealed class OutcomeFields : ITraceFields
{
    private readonly List<(bool IsBytes, ulong Value, int Start)> _fields = [];
    private byte[] _bytes = new byte[1024];
    private int _used;
    private int _next;

    public bool IsEmpty => _fields.Count == 0;

    public void Clear()
    {
        _fields.Clear();
        _used = 0;
        _next = 0;
    }

    public void Number(ulong value) => _fields.Add((false, value, 0));

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        if (_used + bytes.Length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, _used + bytes.Length));
        }

        bytes.CopyTo(_bytes.AsSpan(_used));
        _fields.Add((true, (ulong)bytes.Length, _used));
        _used += bytes.Length;
    }

    /// <summary>Begins to read from the first field.</summary>
    public void Rewind() => _next = 0;

    /// <summary>The next field, a number.</summary>
    /// <exception cref="TraceException">It is none.</exception>
    public ulong TakeNumber() => _next < _fields.Count && !_fields[_next].IsBytes
        ? _fields[_next++].Value
        : throw new TraceException($"Field {_next} of an outcome is no number.");

    /// <summary>The next field, a value of an enumeration: any that its type can hold, named or not.</summary>
    /// <exception cref="TraceException">It is none.</exception>
    public T Take<T>()
        where T : struct, Enum
    {
        const int BitsPerByte = 8;
        ulong value = TakeNumber();
        return value <= ulong.MaxValue >> (BitsPerByte * (sizeof(ulong) - Unsafe.SizeOf<T>()))
            ? (T)Enum.ToObject(typeof(T), value)
            : throw new TraceException($"Field {_next - 1} of an outcome is {value}, which no {typeof(T).Name} is.");
    }

    /// <summary>The next field, bytes.</summary>
    /// <exception cref="TraceException">It is none.</exception>
    public ReadOnlySpan<byte> TakeBytes()
    {
        if (_next == _fields.Count || !_fields[_next].IsBytes)
        {
            throw new TraceException($"Field {_next} of an outcome is no bytes.");
        }

        (_, ulong length, int start) = _fields[_next++];
        return _bytes.AsSpan(start, (int)length);
    }
}
