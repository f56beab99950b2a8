using NexStream.Core.Buffers;
using NexStream.Driver.Links;

namespace NexStream.Tests.Driver.Links;

[TestFixture]
public sealed class LinkLibraryTests
{
    [Test]
    public void Load_Managed_SaysWhatItIs()
    {
        LinkLibrary library = LinkLibrary.Load(LinkPreference.Managed);
        Assert.That(library.IsNative, Is.False);
        Assert.That(library.Description, Is.EqualTo("managed ring: asked for"));
    }

    [Test]
    public void Load_Any_IsNativeExactlyWhereNativeIs()
    {
        LinkLibrary library = LinkLibrary.Load();
        bool isThere = File.Exists(Path.Combine(AppContext.BaseDirectory, "libnexlink.so"));
        Assert.That(library.IsNative, Is.EqualTo(isThere));
        Assert.That(library.Description, isThere ? Is.EqualTo("native ring") : Does.StartWith("managed ring: libnexlink.so is not beside the program because "));
    }

    [Test]
    public void Listen_Managed_SaysThatACompilerIsNeeded()
    {
        LinkLibrary library = LinkLibrary.Load(LinkPreference.Managed);
        using LinkArena arena = library.CreateArena(64, 1);
        Assert.That(() => library.Listen("a"), Throws.InstanceOf<LinkException>().With.Message.Contains("C compiler"));
        Assert.That(() => library.Connect("a", arena, 8, 0), Throws.InstanceOf<LinkException>().With.Message.Contains("C compiler"));
    }

    [TestCase(0, 1)]
    [TestCase(100, 1)]
    [TestCase((1 << 30) + 64, 1)]
    [TestCase(64, 0)]
    [TestCase(64, -1)]
    [TestCase(64, (1 << 24) + 1)]
    public void CreateArena_SizeOutOfRange_Throws(int frameSize, int frameCount) =>
        Assert.That(() => LinkLibrary.Load(LinkPreference.Managed).CreateArena(frameSize, frameCount), Throws.InstanceOf<LinkException>());

    [TestCase(0)]
    [TestCase(7)]
    [TestCase(-8)]
    public void CreateLoop_CapacityIsNoPowerOfTwo_ThrowsAndLeavesTheArenasFree(int ringCapacity)
    {
        LinkLibrary library = LinkLibrary.Load(LinkPreference.Managed);
        using LinkArena arena = library.CreateArena(64, 1);
        Assert.That(() => library.CreateLoop(arena, arena, ringCapacity), Throws.InstanceOf<LinkException>());
    }

    [Test]
    public void CreateLoop_ArenaOfAnotherLibrary_Throws()
    {
        using LinkArena mine = LinkLibrary.Load(LinkPreference.Managed).CreateArena(64, 1);
        using LinkArena other = LinkLibrary.Load(LinkPreference.Managed).CreateArena(64, 1);
        Assert.That(() => mine.Library.CreateLoop(mine, other, 8), Throws.InstanceOf<LinkException>());
    }

    [Test]
    public void CreateLoop_DisposedArena_Throws()
    {
        LinkLibrary library = LinkLibrary.Load(LinkPreference.Managed);
        LinkArena arena = library.CreateArena(64, 1);
        arena.Dispose();
        Assert.That(() => library.CreateLoop(arena, arena, 8), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void CreateFrameArena_OverTheSharedMemory_WritesWhatThePeerReads()
    {
        using LoopFixture loop = new(LinkLibrary.Load());
        FrameArena frames = loop.ArenaA.CreateFrameArena();
        Assert.That(frames.TryAllocate(out int index), Is.True);
        frames.Bytes(index, 0, 1)[0] = 42;
        PeerRegion peer = new(loop.B.PeerMemory, loop.B.PeerFrameSize, loop.B.PeerFrameCount, new Nobody());
        Assert.That(peer.Bytes(index, 0, 1)[0], Is.EqualTo(42));
    }

    private sealed class Nobody : IFrameReleaser
    {
        public void Release(int index, int holds)
        {
        }
    }
}
