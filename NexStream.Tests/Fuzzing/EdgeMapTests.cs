using NexStream.Tools.Fuzz.Coverage;
using SharpFuzz.Common;

namespace NexStream.Tests.Fuzzing;

/// <summary>What counts as new: an edge, and one that is taken about twice as often as ever before.</summary>
[TestFixture, NonParallelizable]
internal sealed unsafe class EdgeMapTests
{
    [Test]
    public void End_EdgeTakenForTheFirstTime_IsNewOnce()
    {
        using var map = new EdgeMap();
        Assert.That(Take(map, (100, 1)), Is.True);
        Assert.That(Take(map, (100, 1)), Is.False);
        Assert.That(Take(map, (EdgeMap.Size - 1, 1), (100, 1)), Is.True);
        Assert.That(map.Edges, Is.EqualTo(2));
    }

    [Test]
    public void End_EdgeTakenMoreOften_IsNewWhenTheCountDoubles()
    {
        using var map = new EdgeMap();
        Assert.That(Take(map, (7, 4)), Is.True);
        Assert.That(Take(map, (7, 7)), Is.False);
        Assert.That(Take(map, (7, 8)), Is.True);
        Assert.That(map.Edges, Is.EqualTo(1));
    }

    [Test]
    public void Begin_ForgetsTheInputBefore()
    {
        using var map = new EdgeMap();
        Take(map, (1, 1));
        map.Begin();
        Assert.That(map.End(), Is.False);
        Assert.That(new ReadOnlySpan<byte>(Trace.SharedMem, EdgeMap.Size).ContainsAnyExcept((byte)0), Is.False);
    }

    private static bool Take(EdgeMap map, params ReadOnlySpan<(int Edge, int Times)> edges)
    {
        map.Begin();
        foreach ((int edge, int times) in edges)
        {
            Trace.SharedMem[edge] = (byte)times;
        }

        return map.End();
    }
}
