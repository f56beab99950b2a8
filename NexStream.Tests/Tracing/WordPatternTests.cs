using NexStream.Core;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Replay;
using NexStream.Replay.Editing;
using NexStream.Replay.Running;
using NexStream.Tests.Support;

namespace NexStream.Tests.Tracing;

[TestFixture]
public sealed class WordPatternTests
{
    private const int Length = 1000;

    [Test]
    public void Locate_AnyPart_SaysWhereItLies([Values(0UL, 7UL, ulong.MaxValue)] ulong seed)
    {
        var pattern = new WordPattern(seed);
        foreach (ulong position in new ulong[] { 0, 1, 7, 8, 65_535, 1UL << 40, (1UL << 48) + 5 })
        {
            foreach (int length in new[] { 23, 24, 31, Length })
            {
                byte[] part = new byte[length];
                pattern.Fill(position, part);
                Assert.That(pattern.TryLocate(part, out int start, out ulong found), Is.True);
                Assert.That((start, found), Is.EqualTo((0, position)));
            }
        }
    }

    [Test]
    public void Locate_WithAnyByteOther_RecognisesNothing()
    {
        var pattern = new WordPattern(7);
        byte[] part = new byte[67];
        for (int i = 0; i < part.Length; i++)
        {
            pattern.Fill(1001, part);
            part[i] ^= 0x10;
            Assert.That(pattern.TryLocate(part, out _, out _), Is.False, $"Byte {i}.");
        }
    }

    [Test]
    public void Locate_OfAnotherSeedOrOfNothing_RecognisesNothing()
    {
        byte[] part = new byte[Length];
        new WordPattern(8).Fill(0, part);
        Assert.That(new WordPattern(9).TryLocate(part, out _, out _), Is.False, "It would lie before the beginning.");
        Assert.That(new WordPattern(0).TryLocate(new byte[Length], out _, out _), Is.False);
        Assert.That(new WordPattern(0).TryLocate([], out _, out _), Is.False);
    }

    [Test]
    public void Traces_OfGeneratedPayload_AreASmallPartOfIt([Values] TransportMode mode)
    {
        (long generated, long sent) = Sizes(mode, new WordPattern(3));
        (long raw, _) = Sizes(mode, null);
        Assert.That(raw, Is.GreaterThan(2 * sent), "Other payload is there on both sides.");
        Assert.That(generated, Is.LessThan(sent / 3));
    }

    /// <summary>Bytes of both traces, and of what was sent.</summary>
    private static (long Traces, long Sent) Sizes(TransportMode mode, WordPattern? content)
    {
        MemoryTrace[] traces = [new(), new()];
        TraceRecorder[] recorders = [new(traces[0], generators: [new WordPattern(3)]), new(traces[1], generators: [new WordPattern(3)])];
        var pair = new Pair(clientRecorder: recorders[0], serverRecorder: recorders[1]);
        pair.Connect();
        (StreamHandle sender, StreamHandle receiver) = pair.Open(new Core.Config.StreamConfig(mode));
        byte[] buffer = new byte[Length];
        var random = new SeededRandom(4);
        long sent = 0;
        for (int i = 0; i < 300; i++)
        {
            if (content is null)
            {
                random.Fill(buffer);
            }
            else
            {
                content.Fill((ulong)sent, buffer);
            }

            sent += sender.Send(buffer).Bytes;
            pair.RunFor(Instant.Millisecond);
            while (receiver.Receive(buffer).Status == CallStatus.Ok)
            {
            }
        }

        foreach ((MemoryTrace trace, TraceRecorder recorder) in traces.Zip(recorders))
        {
            recorder.Flush();
            ReplayResult result = Replayer.Run(trace.OpenRead());
            Assert.That(result.Verdict, Is.EqualTo(ReplayVerdict.Identical), string.Join('\n', result.Report));
        }

        return (traces.Sum(trace => trace.Bytes.Length), sent);
    }
}
