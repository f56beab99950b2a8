using NexStream.Core;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Replay.Editing;
using NexStream.Replay.Reading;
using NexStream.Replay.Running;
using NexStream.Tests.Support;

namespace NexStream.Tests.Tracing;

[TestFixture]
public sealed class DamageTests
{
    private static readonly byte[] s_trace = Record();

    [Test]
    public void AnyByte_ThatIsOther_IsNoticed()
    {
        for (int i = 0; i < s_trace.Length; i++)
        {
            byte[] damaged = [.. s_trace];
            damaged[i] ^= (byte)(1 << (i % 8));
            Assert.That(IsNoticed(damaged, out _), Is.True, $"Byte {i} of {s_trace.Length}.");
        }
    }

    [Test]
    public void AnyLength_ThatIsLeft_GivesWhatCameBefore()
    {
        long calls = 0;
        for (int length = 0; length < s_trace.Length; length++)
        {
            bool isNoticed = IsNoticed(s_trace[..length], out long read);
            Assert.That(isNoticed || read > 0 || length > 8, Is.True);
            Assert.That(read, Is.GreaterThanOrEqualTo(calls), "A longer file never gives less.");
            calls = read;
        }

        Assert.That(calls, Is.GreaterThan(40));
    }

    [Test]
    public void Blocks_ThatChangedPlaces_AreNoticed()
    {
        int[] starts = [.. BlockStarts(s_trace)];
        Assert.That(starts, Has.Length.GreaterThan(3));
        byte[] swapped = [.. s_trace[..starts[2]], .. s_trace[starts[3]..], .. s_trace[starts[2]..starts[3]]];
        Assert.That(IsNoticed(swapped, out long read), Is.True);
        Assert.That(read, Is.GreaterThan(0));
    }

    [Test]
    public void AnotherVersion_IsRefusedWithItsNumber()
    {
        byte[] newer = [.. s_trace];
        newer[7] = TraceFormat.Version + 1;
        Assert.That(() => Replayer.Run(new MemoryStream(newer)), Throws.InstanceOf<TraceException>().With.Message.Contains($"version {TraceFormat.Version + 1}"));
    }

    [Test]
    public void Checksum_OfRfc3720_IsThatOfTheStandard() =>
        Assert.That(BlockChecksum.Of("123456789"u8), Is.EqualTo(0xE3069283), "The check value of CRC-32C.");

    private static bool IsNoticed(byte[] trace, out long calls)
    {
        calls = 0;
        try
        {
            ReplayResult result = Replayer.Run(new MemoryStream(trace));
            calls = result.Calls;
            Assert.That(result.Verdict, Is.EqualTo(ReplayVerdict.Identical), "What comes before the damage is as it was.");
            return result.Damage is not null;
        }
        catch (TraceException)
        {
            return true;
        }
    }

    private static IEnumerable<int> BlockStarts(byte[] trace)
    {
        for (int at = TraceFormat.Magic.Length + 1; at < trace.Length; at += TraceFormat.BlockHeaderSize + BitConverter.ToInt32(trace, at + 4))
        {
            yield return at;
        }
    }

    private static byte[] Record()
    {
        var memory = new MemoryTrace();
        var recorder = new TraceRecorder(memory);
        var pair = new Pair(
            frameCount: 128, clientRecorder: recorder,
            configure: config => config with { MaxConnections = 4, HalfOpenThreshold = 4, MaxStreams = 16, MaxPacketsInFlight = 256, MaxMessages = 64, MaxChunks = 256 });
        recorder.Flush();
        pair.Connect();
        recorder.Flush();
        (StreamHandle sender, _) = pair.Open(new Core.Config.StreamConfig(TransportMode.ReliableOrdered));
        recorder.Flush();
        sender.Send(new byte[100]);
        pair.RunFor(Instant.Second);
        recorder.Flush();
        return memory.Bytes.ToArray();
    }
}
