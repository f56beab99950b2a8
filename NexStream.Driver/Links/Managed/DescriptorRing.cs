using System.Runtime.InteropServices;

namespace NexStream.Driver.Links.Managed;

/// <summary>
/// A bounded ring of descriptors from one thread to another (Lamport 1977), in native memory. Each side keeps a copy of the other's
/// position and looks at the real one only when the copy says full or empty (FastForward's idea, as in the Disruptor).
/// </summary>
internal sealed unsafe class DescriptorRing
{
    private readonly uint _mask;
    private LinkDescriptor* _slots;
    private Positions _positions;

    public DescriptorRing(uint capacity)
    {
        _mask = capacity - 1;
        _slots = (LinkDescriptor*)NativeMemory.AlignedAlloc((nuint)((ulong)capacity * LinkDescriptor.Size), 64);
    }

    public bool IsEmpty => Volatile.Read(ref _positions.Written) == Volatile.Read(ref _positions.Read);

    public bool IsFull => Volatile.Read(ref _positions.Written) - Volatile.Read(ref _positions.Read) > _mask;

    /// <summary>The writer's side. False: full.</summary>
    public bool TryWrite(LinkDescriptor* descriptor)
    {
        ulong written = _positions.Written;
        if (written - _positions.ReadSeen > _mask)
        {
            _positions.ReadSeen = Volatile.Read(ref _positions.Read);
            if (written - _positions.ReadSeen > _mask)
            {
                return false;
            }
        }

        Copy(descriptor, _slots + (written & _mask));
        Volatile.Write(ref _positions.Written, unchecked(written + 1));
        return true;
    }

    /// <summary>The reader's side. False: empty.</summary>
    public bool TryRead(LinkDescriptor* descriptor)
    {
        ulong read = _positions.Read;
        if (read == _positions.WrittenSeen)
        {
            _positions.WrittenSeen = Volatile.Read(ref _positions.Written);
            if (read == _positions.WrittenSeen)
            {
                return false;
            }
        }

        Copy(_slots + (read & _mask), descriptor);
        Volatile.Write(ref _positions.Read, unchecked(read + 1));
        return true;
    }

    public void Free()
    {
        NativeMemory.AlignedFree(_slots);
        _slots = null;
    }

    /// <summary>A head is mostly far shorter than its room: only what is in use is copied.</summary>
    private static void Copy(LinkDescriptor* source, LinkDescriptor* destination)
    {
        int size = LinkDescriptor.PrefixSize + source->HeadLength;
        new ReadOnlySpan<byte>(source, size).CopyTo(new Span<byte>(destination, LinkDescriptor.Size));
    }

    /// <summary>The writer's and the reader's positions, two cache lines apart: processors fetch lines in pairs.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 384)]
    private struct Positions
    {
        [FieldOffset(128)]
        public ulong Written;

        [FieldOffset(136)]
        public ulong ReadSeen;

        [FieldOffset(256)]
        public ulong Read;

        [FieldOffset(264)]
        public ulong WrittenSeen;
    }
}
