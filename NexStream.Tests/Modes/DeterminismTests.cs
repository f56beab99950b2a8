using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Tests.Support;

namespace NexStream.Tests.Modes;

[TestFixture]
public sealed class DeterminismTests
{
    private const int Steps = 6000;
    private const long DelayNs = 7 * Instant.Millisecond;

    [Test]
    public void Replay_OfAllInputs_GivesEveryOutputAgain([Range(1, 3)] int seed, [Values(1, 2)] int paths)
    {
        RecordedEndpoint[] sides = Run((ulong)seed, paths);
        for (int i = 0; i < sides.Length; i++)
        {
            var replay = new RecordedEndpoint(Config(i, paths));
            foreach (Input input in sides[i].Inputs)
            {
                replay.Apply(input);
            }

            Assert.That(sides[i].Outputs, Has.Count.GreaterThan(Steps / 2));
            Assert.That(replay.Outputs, Has.Count.EqualTo(sides[i].Outputs.Count));
            for (int line = 0; line < replay.Outputs.Count; line++)
            {
                if (replay.Outputs[line] != sides[i].Outputs[line])
                {
                    Assert.That(replay.Outputs[line], Is.EqualTo(sides[i].Outputs[line]), $"Seed {seed}, side {i}, output {line}.");
                }
            }
        }
    }

    [Test]
    public void Replay_WithOneInputMissing_GivesOtherOutputs()
    {
        RecordedEndpoint original = Run(1, paths: 1)[1];
        var replay = new RecordedEndpoint(Config(1, paths: 1));
        int left = original.Inputs.FindLastIndex(input => input.Kind == InputKind.Frame);
        for (int i = 0; i < original.Inputs.Count; i++)
        {
            if (i != left)
            {
                replay.Apply(original.Inputs[i]);
            }
        }

        Assert.That(replay.Outputs.SequenceEqual(original.Outputs), Is.False, "Else the comparison would prove nothing.");
    }

    /// <summary>A run of all modes with loss, in which a seed decides what the two applications do.</summary>
    private static RecordedEndpoint[] Run(ulong seed, int paths)
    {
        var random = new SeededRandom(seed);
        RecordedEndpoint[] sides = [new(Config(0, paths)), new(Config(1, paths))];
        var transit = new Queue<(int To, Instant At, Pair.Frame Frame)>();
        var now = new Instant(Instant.Second);
        sides[0].Apply(new Input(InputKind.Connect, now));
        for (int step = 0; step < Steps; step++)
        {
            for (int i = 0; i < 2; i++)
            {
                while (sides[i].Sent.TryDequeue(out Pair.Frame? frame))
                {
                    if (!random.Chance(0.03))
                    {
                        transit.Enqueue((1 - i, now + DelayNs, frame));
                    }
                }
            }

            Instant next = Instant.Min(transit.Count > 0 ? transit.Peek().At : Instant.Never, Instant.Min(sides[0].Deadline, sides[1].Deadline));
            now = Instant.Max(now, Instant.Min(next, now + (3 * Instant.Millisecond)));
            while (transit.Count > 0 && transit.Peek().At <= now)
            {
                (int to, _, Pair.Frame frame) = transit.Dequeue();
                sides[to].Apply(new Input(InputKind.Frame, now, Header: frame.Header, Bytes: frame.Bytes));
            }

            for (int i = 0; i < 2; i++)
            {
                if (sides[i].Deadline <= now)
                {
                    sides[i].Apply(new Input(InputKind.Timeout, now));
                }

                if (step > 50)
                {
                    sides[i].Apply(Act(ref random, sides[i], now, step));
                }
            }
        }

        return sides;
    }

    private static Input Act(ref SeededRandom random, RecordedEndpoint side, Instant now, int step)
    {
        int stream = side.StreamCount == 0 ? 0 : random.Below(side.StreamCount);
        int dice = side.StreamCount == 0 ? 0 : step == Steps * 9 / 10 ? 100 : random.Below(100);
        return dice switch
        {
            < 3 => new Input(InputKind.Open, now, random.Below(4)),
            < 45 => new Input(
                InputKind.Send,
                now,
                stream,
                1 + random.Below(random.Chance(0.1) ? 12_000 : 900),
                Options: new SendOptions(random.Chance(0.1) ? now + (30 * Instant.Millisecond) : default, random.Chance(0.2))),
            < 98 => new Input(InputKind.Receive, now, stream),
            98 => new Input(InputKind.Finish, now, stream),
            99 => new Input(InputKind.Reset, now, stream),
            _ => new Input(InputKind.Close, now),
        };
    }

    private static EndpointConfig Config(int side, int paths)
    {
        byte[] key = new byte[EndpointConfig.KeySize];
        new SeededRandom((ulong)side + 1).Fill(key);
        return new EndpointConfig
        {
            Node = side == 0 ? Pair.ClientNode : Pair.ServerNode,
            Key = key,
            MaxConnections = 4,
            HalfOpenThreshold = 4,
            MaxMessages = 4096,
            MaxPacketsInFlight = 4096,
            FurtherNodes = [.. Enumerable.Range(1, paths - 1).Select(i => PathPair.NodeOf(side == 0 ? Pair.ClientNode : Pair.ServerNode, i))],
            Connection = new ConnectionConfig { MaxPaths = paths },
        };
    }
}
