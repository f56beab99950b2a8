using System.Runtime.InteropServices;

namespace NexStream.Driver.Links.Managed;

/// <summary>Frames in native memory of this process. Each link over them keeps them alive too, so that a peer may go first.</summary>
internal sealed unsafe class ManagedArena
{
    /// <summary>A page: what the native library's mapping has.</summary>
    private const nuint Alignment = 4096;

    private int _references = 1;

    public ManagedArena(uint frameSize, uint frameCount)
    {
        FrameSize = frameSize;
        FrameCount = frameCount;
        nuint size = (nuint)((ulong)frameSize * frameCount);
        Memory = (byte*)NativeMemory.AlignedAlloc(size, Alignment);
        NativeMemory.Clear(Memory, size);
    }

    public byte* Memory { get; private set; }

    public uint FrameSize { get; }

    public uint FrameCount { get; }

    public bool Contains(in LinkSlice slice) => slice.Frame < FrameCount && slice.Offset <= FrameSize && slice.Length <= FrameSize - slice.Offset;

    /// <summary>Whether a descriptor's counts are in bounds, and each of its slices lies inside the arena.</summary>
    public bool Contains(LinkDescriptor* descriptor)
    {
        if (descriptor->HeadLength > descriptor->Head.Length || descriptor->SliceCount > descriptor->Slices.Length)
        {
            return false;
        }

        foreach (ref readonly LinkSlice slice in descriptor->Slices[..descriptor->SliceCount])
        {
            if (!Contains(in slice))
            {
                return false;
            }
        }

        return true;
    }

    public ReadOnlySpan<byte> Bytes(in LinkSlice slice) => new(Memory + ((long)slice.Frame * FrameSize) + slice.Offset, (int)slice.Length);

    public void AddReference() => Interlocked.Increment(ref _references);

    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            NativeMemory.AlignedFree(Memory);
            Memory = null;
        }
    }
}
