using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Tests.Support;

namespace NexStream.Tests.Endpoints;

/// <summary>Frames of honest endpoints that come late, twice, or before what they refer to: none of them ends a connection.</summary>
[TestFixture]
public sealed class LateAnswerTests
{
    [Test]
    public void Retry_AfterTheConnectionIsEstablished_IsIgnored()
    {
        var pair = new Pair();
        pair.Connect();
        pair.RunFor(Instant.Second);
        Forge.Inject(pair, pair.Client, (ref FrameWriter writer) => new ConnRetryFrame { Cookie = new byte[24] }.TryWrite(ref writer));
        pair.RunFor(Instant.Second);
        Assert.That(pair.Client.Connection.IsOpen, Is.True);
        Assert.That(pair.Server.Connection.IsOpen, Is.True);
    }
}
