using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using NexStream.Driver.Links.Managed;

namespace NexStream.Driver.Links;

/// <summary>The link layer: a table of functions, native or managed, from which arenas and links are made.</summary>
public sealed unsafe class LinkLibrary
{
    private LinkLibrary(NexLinkApi* api, bool isNative, string description)
    {
        Api = api;
        IsNative = isNative;
        Description = description;
    }

    /// <summary>Whether the table is filled by native code.</summary>
    public bool IsNative { get; }

    /// <summary>Which implementation this is and why, for people: "native ring", or "managed ring: " and the reason.</summary>
    public string Description { get; }

    internal NexLinkApi* Api { get; }

    /// <summary>Loads the link layer.</summary>
    /// <param name="preference">Which implementation.</param>
    /// <exception cref="LinkException">The native one was asked for and is not there; the message says why.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such preference.</exception>
    public static LinkLibrary Load(LinkPreference preference = LinkPreference.Any)
    {
        if (preference == LinkPreference.Managed)
        {
            return LoadManaged("asked for");
        }

        if (preference is not (LinkPreference.Any or LinkPreference.Native))
        {
            throw new ArgumentOutOfRangeException(nameof(preference), preference, "Any, Native or Managed.");
        }

        NexLinkApi* api = NativeLinkLibrary.TryLoad(out string reason);
        if (api is not null)
        {
            return new LinkLibrary(api, isNative: true, $"{Marshal.PtrToStringUTF8((nint)api->Name())} ring");
        }

        return preference == LinkPreference.Any
            ? LoadManaged(reason)
            : throw new LinkException(
                $"The native link library cannot be used: {reason}. Build NexStream.Driver where a C compiler is on the PATH, or load {nameof(LinkPreference)}.{nameof(LinkPreference.Any)}.");
    }

    /// <summary>A table of somebody else's, for tests. It has to live as long as the process.</summary>
    internal static LinkLibrary From(NexLinkApi* api, string description) => new(api, isNative: false, description);

    /// <summary>Makes frames that links can share.</summary>
    /// <param name="frameSize">Bytes in a frame; a multiple of 64.</param>
    /// <param name="frameCount">Frames; at most 2^24.</param>
    /// <exception cref="LinkException">A size is out of range, or there is not enough memory.</exception>
    public LinkArena CreateArena(int frameSize, int frameCount)
    {
        void* arena;
        int result = Api->CreateArena(unchecked((uint)frameSize), unchecked((uint)frameCount), &arena);
        ThrowIfFailed(result, $"An arena of {frameCount} frames of {frameSize} bytes could not be made", "Frames are a multiple of 64 bytes, at most 2^30, and at most 2^24 of them");
        return new LinkArena(this, arena);
    }

    /// <summary>Joins two endpoints of this process.</summary>
    /// <param name="a">The first endpoint's frames.</param>
    /// <param name="b">The second endpoint's frames.</param>
    /// <param name="ringCapacity">Descriptors that may be under way in each direction; a power of two, at most 65536.</param>
    /// <returns>The first endpoint's end and the second endpoint's end. Two threads may use them at once, one each.</returns>
    /// <exception cref="LinkException">The capacity is not a power of two, or there is not enough memory.</exception>
    public (Link A, Link B) CreateLoop(LinkArena a, LinkArena b, int ringCapacity)
    {
        ThrowIfForeign(a);
        ThrowIfForeign(b);
        void* linkA;
        void* linkB;
        a.AddLink();
        b.AddLink();
        int result = Api->CreateLoop(a.Handle, b.Handle, unchecked((uint)ringCapacity), &linkA, &linkB);
        if (result < 0)
        {
            a.RemoveLink();
            b.RemoveLink();
            ThrowIfFailed(result, $"A loop with rings of {ringCapacity} descriptors could not be made", "The capacity is a power of two, at most 65536");
        }

        return (new Link(this, a, linkA), new Link(this, b, linkB));
    }

    /// <summary>Waits for other processes to connect under a name.</summary>
    /// <param name="name">1 to 64 letters, digits, dots, underscores and hyphens.</param>
    /// <exception cref="LinkException">Somebody listens there already, the name is not one, or this library joins no processes.</exception>
    public LinkListener Listen(string name)
    {
        void* listener;
        int result;
        fixed (byte* text = Terminated(name))
        {
            result = Api->Listen(text, &listener);
        }

        ThrowIfFailed(result, $"Listening under \"{name}\" failed", "Choose another name, or end the process that listens there");
        return new LinkListener(this, name, listener);
    }

    /// <summary>Connects to a process that listens under a name. The one call here that blocks.</summary>
    /// <param name="name">The name.</param>
    /// <param name="arena">This endpoint's frames.</param>
    /// <param name="ringCapacity">Descriptors that may be under way in each direction; a power of two, at most 65536.</param>
    /// <param name="timeoutMs">Milliseconds to wait for the peer to accept.</param>
    /// <exception cref="LinkException">Nobody listens there, the peer is of another version, or this library joins no processes.</exception>
    public Link Connect(string name, LinkArena arena, int ringCapacity, int timeoutMs)
    {
        ThrowIfForeign(arena);
        ArgumentOutOfRangeException.ThrowIfNegative(timeoutMs);
        void* link;
        int result;
        arena.AddLink();
        fixed (byte* text = Terminated(name))
        {
            result = Api->Connect(text, arena.Handle, unchecked((uint)ringCapacity), (uint)timeoutMs, &link);
        }

        if (result < 0)
        {
            arena.RemoveLink();
            ThrowIfFailed(result, $"Connecting to \"{name}\" failed", "Start the process that listens there first");
        }

        return new Link(this, arena, link);
    }

    /// <summary>Opens a socket for an endpoint.</summary>
    /// <param name="arena">The endpoint's frames.</param>
    /// <param name="options">Where to listen, and bounds; null for any free port and the defaults.</param>
    /// <exception cref="LinkException">The port is taken, the address is none of this machine's, or a bound is out of range.</exception>
    public UdpLink OpenUdp(LinkArena arena, UdpOptions? options = null)
    {
        ThrowIfForeign(arena);
        options ??= new UdpOptions();
        NexLinkUdpOptions native = options.ToNative();
        void* link;
        arena.AddLink();
        int result = Api->OpenUdp(arena.Handle, &native, &link);
        if (result < 0)
        {
            arena.RemoveLink();
            ThrowIfFailed(result, $"Opening udp:{options.Local} failed", result switch
            {
                NexLinkResult.InUse => "Choose another port, or end the process that has it",
                NexLinkResult.NotFound => "Choose an address of this machine, or leave it out to listen on all",
                _ => "Look at the options' bounds, and whether this user may take such a port",
            });
        }

        return new UdpLink(this, arena, link);
    }

    internal void ThrowIfFailed(int result, string what, string advice)
    {
        if (result < 0)
        {
            Throw(result, what, advice);
        }
    }

    internal void ThrowIfForeign([NotNull] LinkArena? arena)
    {
        ArgumentNullException.ThrowIfNull(arena);
        if (!ReferenceEquals(arena.Library, this))
        {
            throw new LinkException($"The arena was made by the {arena.Library.Description} and cannot be shared over the {Description}. Make both with one {nameof(LinkLibrary)}.");
        }
    }

    private static LinkLibrary LoadManaged(string reason) => new(ManagedLinkLibrary.Table, isNative: false, $"managed ring: {reason}");

    private static byte[] Terminated(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        byte[] text = new byte[Encoding.UTF8.GetByteCount(name) + 1];
        Encoding.UTF8.GetBytes(name, text);
        return text;
    }

    [DoesNotReturn]
    private void Throw(int result, string what, string advice)
    {
        string? detail = Marshal.PtrToStringUTF8((nint)Api->LastError());
        throw new LinkException($"{what}: {(string.IsNullOrEmpty(detail) ? $"code {result}" : detail)}. {advice}. ({Description})", result);
    }
}
