using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Tests.Attacks;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>CONN_RETRY: the acceptor holds nothing until the initiator has shown that it receives at its address.</summary>
[TestFixture]
public sealed class CookieTests
{
    private const ulong Tag = 0x7A6_0000_0001;

    private static readonly NodeId s_stranger = new(0xBAD, 3);

    [Test]
    public void Handshake_CookiesAlways_WorksUnderLoss([Range(1, 30)] int seed)
    {
        var bad = new NetworkConditions { Loss = 0.2, Reorder = 0.2, Duplicate = 0.2 };
        var patient = new ConnectionConfig { HandshakeTimeout = TimeSpan.FromMinutes(2) };
        var pair = new Pair((ulong)seed, bad, patient, Always);
        DeliveryTests.TransferOrdered(pair, 10_000);
        Assert.That(pair.Server.Events.Count(e => e.Kind == EventKind.ConnectionAccepted), Is.EqualTo(1));
    }

    [AttackRow(12)]
    [Test]
    public void Init_WithoutACookie_LeavesNoState()
    {
        var pair = new Pair(configure: Always);
        Holdings before = Holdings.Of(pair.Server.Endpoint);
        Assert.That(GetCookie(pair), Has.Length.GreaterThan(16));
        Assert.That(Holdings.Of(pair.Server.Endpoint), Is.EqualTo(before));
    }

    [Test]
    public void Init_WithItsCookie_MakesAConnectionAtOnce()
    {
        var pair = new Pair(configure: Always);
        byte[] cookie = GetCookie(pair);
        pair.RunFor(59 * Instant.Second);
        Present(pair, cookie);
        Assert.That(pair.Server.Has(EventKind.ConnectionAccepted), Is.True);
        Assert.That(pair.Server.Endpoint.Statistics.HalfOpenCount, Is.Zero);
    }

    [Test]
    public void Init_CookieWithAnyBitFlipped_IsRefused()
    {
        var pair = new Pair(configure: Always);
        byte[] cookie = GetCookie(pair);
        for (int bit = 0; bit < cookie.Length * 8; bit++)
        {
            byte[] forged = [.. cookie];
            forged[bit / 8] ^= (byte)(1 << (bit % 8));
            Present(pair, forged);
            Assert.That(pair.Server.Endpoint.Statistics.ConnectionCount, Is.Zero, $"Bit {bit}.");
        }
    }

    [Test]
    public void Init_CookieIsOlderThanAMinute_IsRefused()
    {
        var pair = new Pair(configure: Always);
        byte[] cookie = GetCookie(pair);
        pair.RunFor((60 * Instant.Second) + 1);
        Present(pair, cookie);
        Assert.That(pair.Server.Endpoint.Statistics.ConnectionCount, Is.Zero);
    }

    [Test]
    public void Init_CookieOfAnotherNodeOrTag_IsRefused()
    {
        var pair = new Pair(configure: Always);
        byte[] cookie = GetCookie(pair);
        pair.Inject(pair.Server, PairFrames.Init(new NodeId(0xBAD, 4), Pair.ServerNode, Tag, cookie: cookie));
        pair.Inject(pair.Server, PairFrames.Init(s_stranger, Pair.ServerNode, Tag + 1, cookie: cookie));
        pair.Inject(pair.Server, PairFrames.Init(s_stranger, Pair.ServerNode, Tag, cookie: cookie[..^1]));
        pair.Inject(pair.Server, PairFrames.Init(s_stranger, Pair.ServerNode, Tag, cookie: []));
        Assert.That(pair.Server.Endpoint.Statistics.ConnectionCount, Is.Zero);
    }

    [Test]
    public void Init_MoreHalfOpenThanTheThreshold_AsksForCookiesOnlyThen()
    {
        var pair = new Pair(configure: c => c with { HalfOpenThreshold = 3 }) { Filter = (_, _) => false };
        for (ulong i = 1; i <= 20; i++)
        {
            pair.Inject(pair.Server, PairFrames.Init(new NodeId(0xBAD, i), Pair.ServerNode, i));
        }

        Assert.That(pair.Server.Endpoint.Statistics.HalfOpenCount, Is.EqualTo(3));
        Assert.That(pair.Server.Endpoint.Statistics.ConnectionCount, Is.EqualTo(3));

        // The flood keeps nobody out: whoever has a cookie gets in.
        pair.Filter = null;
        pair.Connect();
    }

    private static EndpointConfig Always(EndpointConfig config) => config with { Cookies = CookieMode.Always };

    private static byte[] GetCookie(Pair pair)
    {
        byte[]? cookie = null;
        pair.Filter = (_, frame) =>
        {
            var reader = new FrameReader(frame.Bytes.AsSpan(PacketHeader.Size));
            if (reader.TryRead(out RawFrame raw) && raw.Type == FrameType.ConnRetry && ConnRetryFrame.TryRead(raw, out ConnRetryFrame retry))
            {
                cookie = retry.Cookie.ToArray();
            }

            return false;
        };
        pair.Inject(pair.Server, PairFrames.Init(s_stranger, Pair.ServerNode, Tag));
        Assert.That(cookie, Is.Not.Null);
        return cookie!;
    }

    private static void Present(Pair pair, byte[] cookie) => pair.Inject(pair.Server, PairFrames.Init(s_stranger, Pair.ServerNode, Tag, cookie: cookie));
}
