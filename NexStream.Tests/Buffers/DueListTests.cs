using CsCheck;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Buffers;

[TestFixture]
public sealed class DueListTests
{
    private const int Capacity = 8;

    [Test]
    public void List_AnyAddsAndRemoves_AsAListInOrder() => Gen.Select(Gen.Int[0, Capacity - 1], Gen.Bool).Array[0, 60].Sample(steps =>
    {
        var records = new Slab<Record>(Capacity);
        for (int i = 0; i < Capacity; i++)
        {
            records[i].Link = DueLink.None;
        }

        DueList<Record, ByLink> list = DueList<Record, ByLink>.Empty;
        var model = new List<(int Index, Instant At)>();
        long now = 0;
        foreach ((int index, bool isRemoval) in steps)
        {
            now++;
            if (isRemoval)
            {
                list.Remove(records, index);
                model.RemoveAll(entry => entry.Index == index);
            }
            else if (!records[index].Link.IsListed)
            {
                list.Add(records, index, new Instant(now));
                model.Add((index, new Instant(now)));
            }

            Assert.That(list.Head, Is.EqualTo(model.Count > 0 ? model[0].Index : -1));
            Assert.That(list.DueAt(records), Is.EqualTo(model.Count > 0 ? model[0].At : Instant.Never));
        }

        while (model.Count > 0)
        {
            Assert.That(list.Head, Is.EqualTo(model[0].Index));
            list.Remove(records, list.Head);
            model.RemoveAt(0);
        }

        Assert.That(list.Head, Is.EqualTo(-1));
    });

    private struct Record
    {
        public DueLink Link;
    }

    private readonly struct ByLink : IDueLink<Record>
    {
        public static ref DueLink Of(ref Record record) => ref record.Link;
    }
}
