using NexStream.Core.State;
using Path = NexStream.Core.State.Path;

namespace NexStream.Tests.Multipath;

/// <summary>Ids, places and states of paths.</summary>
[TestFixture]
public sealed class PathBooksTests
{
    [Test]
    public void Ids_OfTheTwoSides_AreOddAndEvenAndEndBelowTheReservedOne()
    {
        Assert.That((PathIds.Next(0, isClient: true), PathIds.Next(1, isClient: true), PathIds.Next(253, isClient: true)), Is.EqualTo(((byte)1, (byte)3, PathIds.None)));
        Assert.That((PathIds.Next(0, isClient: false), PathIds.Next(252, isClient: false), PathIds.Next(254, isClient: false)), Is.EqualTo(((byte)2, (byte)254, PathIds.None)));
        Assert.That(PathIds.IsOpenedBy(0, isClient: false) || PathIds.IsOpenedBy(255, isClient: true), Is.False);
        Assert.That((PathIds.IsOpenedBy(7, isClient: true), PathIds.IsOpenedBy(7, isClient: false), PathIds.IsOpenedBy(8, isClient: false)), Is.EqualTo((true, false, true)));
    }

    [Test]
    public void Ids_Added_AreFoundInOrderAndGoneWhenRemoved()
    {
        PathIds ids = default;
        Assert.That(ids.IsEmpty, Is.True);
        foreach (byte id in (byte[])[254, 0, 63, 64, 191])
        {
            ids.Add(id);
        }

        Assert.That(ids.Contains(63) && !ids.Contains(62), Is.True);
        var taken = new List<byte>();
        while (!ids.IsEmpty)
        {
            taken.Add(ids.First);
            ids.Remove(ids.First);
        }

        Assert.That(taken, Is.EqualTo(new byte[] { 0, 63, 64, 191, 254 }));
    }

    [Test]
    public void Set_RemovedFromTheMiddle_KeepsOrderAndGivesTheSlotAgain()
    {
        PathSet set = default;
        Path[] paths = [.. Enumerable.Range(0, PathSet.CountMax).Select(i => new Path(i))];
        foreach (Path path in paths)
        {
            path.Id = (byte)path.Index;
            set.Add(path);
        }

        Assert.That(paths.Select(p => p.Slot), Is.EqualTo(Enumerable.Range(0, PathSet.CountMax)));
        set.Remove(paths[3]);
        Assert.That(set.Find(3), Is.Null);
        Assert.That(set.Find(7), Is.SameAs(paths[7]));
        Assert.That((set.Count, set[3], set[6]), Is.EqualTo((7, paths[4], paths[7])));
        var again = new Path(9) { Id = 9 };
        set.Add(again);
        Assert.That((again.Slot, set.Find(9)), Is.EqualTo((3, again)));
    }

    [Test]
    public void States_FromEach_ChangeOnlyWhereTheyMay([Values(0, 1, 2, 3)] int number)
    {
        var from = (PathState)number;
        Assert.That(Changes(from, (ref s) => s.TryLearnPeer()), Is.EqualTo(from == PathState.Offering ? PathState.Validating : from));
        Assert.That(Changes(from, (ref s) => s.TryValidate()), Is.EqualTo(from == PathState.Validating ? PathState.Active : from));
        Assert.That(Changes(from, (ref s) => s.TryFallSilent()), Is.EqualTo(from == PathState.Active ? PathState.Silent : from));
        Assert.That(Changes(from, (ref s) => s.TryRevive()), Is.EqualTo(from == PathState.Silent ? PathState.Active : from));
    }

    private delegate bool Transition(ref PathState state);

    private static PathState Changes(PathState state, Transition transition)
    {
        PathState before = state;
        bool isChanged = transition(ref state);
        Assert.That(isChanged, Is.EqualTo(before != state));
        return state;
    }
}
