using NexStream.Driver.Links;

namespace NexStream.Tests.Driver.Links;

/// <summary>Two arenas and a loop between them.</summary>
internal sealed class LoopFixture : IDisposable
{
    public const int FrameSize = 256;
    public const int FrameCount = 40;

    public LoopFixture(LinkLibrary library, int ringCapacity = 8)
    {
        ArenaA = library.CreateArena(FrameSize, FrameCount);
        ArenaB = library.CreateArena(FrameSize * 2, FrameCount);
        (A, B) = library.CreateLoop(ArenaA, ArenaB, ringCapacity);
    }

    public LinkArena ArenaA { get; }

    public LinkArena ArenaB { get; }

    public Link A { get; }

    public Link B { get; }

    /// <summary>Loads a library, or skips the test and says why it is not there.</summary>
    public static LinkLibrary Load(LinkPreference preference)
    {
        try
        {
            return LinkLibrary.Load(preference);
        }
        catch (LinkException missing) when (preference == LinkPreference.Native)
        {
            Assert.Ignore(missing.Message);
            throw;
        }
    }

    /// <summary>A descriptor whose head is one byte, and which has a slice of each of the frames.</summary>
    public static LinkDescriptor Descriptor(byte head, params uint[] frames)
    {
        LinkDescriptor descriptor = default;
        descriptor.HeadLength = 1;
        descriptor.Head[0] = head;
        descriptor.SliceCount = (ushort)frames.Length;
        for (int i = 0; i < frames.Length; i++)
        {
            descriptor.Slices[i] = new LinkSlice(frames[i], (uint)i, 10);
        }

        return descriptor;
    }

    public void Dispose()
    {
        A.Dispose();
        B.Dispose();
        ArenaA.Dispose();
        ArenaB.Dispose();
    }
}
