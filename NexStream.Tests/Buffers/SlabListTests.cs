using CsCheck;
using NexStream.Core.Buffers;

namespace NexStream.Tests.Buffers;

/// <summary>Records linked both ways, against a list that is copied with each step.</summary>
[TestFixture]
public sealed class SlabListTests
{
    private const int Capacity = 12;

    [Test]
    public void List_AnySteps_IsTheListInItsOrder() => Gen.Select(Gen.Int[0, 5], Gen.Int[0, Capacity - 1], Gen.Int[0, Capacity - 1]).Array[0, 60].Sample(steps =>
    {
        var records = new Slab<Record>(Capacity);
        SlabList<Record, Record.ByOrder> list = SlabList<Record, Record.ByOrder>.Empty;
        var model = new List<int>();
        foreach ((int kind, int index, int other) in steps)
        {
            Take(records, ref list, model, kind, index, other);
            Check(records, list, model);
        }
    });

    [Test]
    public void List_OfAnotherLink_IsAnotherList()
    {
        var records = new Slab<Record>(3);
        SlabList<Record, Record.ByOrder> one = SlabList<Record, Record.ByOrder>.Empty;
        SlabList<Record, Record.ByTurn> two = SlabList<Record, Record.ByTurn>.Empty;
        one.Append(records, 0);
        one.Append(records, 1);
        two.Append(records, 1);
        two.Append(records, 0);

        Assert.That((one.Head, one.Tail, two.Head, two.Tail), Is.EqualTo((0, 1, 1, 0)));
        Assert.That((records[0].Order.Next, records[1].Turn.Next), Is.EqualTo((1, 0)));
    }

    [Test]
    public void Audit_LinkThatIsWrong_IsFound([Values] bool isTail)
    {
        var records = new Slab<Record>(3);
        SlabList<Record, Record.ByOrder> list = SlabList<Record, Record.ByOrder>.Empty;
        for (int i = 0; i < 3; i++)
        {
            list.Append(records, i);
        }

        Assert.That(list.Audit(records), Is.EqualTo(3));
        if (isTail)
        {
            list.Tail = 1;
        }
        else
        {
            records[1].Order.Previous = 2;
        }

        Assert.That(() => list.Audit(records), Throws.Exception);
    }

    private static void Take(Slab<Record> records, ref SlabList<Record, Record.ByOrder> list, List<int> model, int kind, int index, int other)
    {
        if (model.Contains(index))
        {
            int place = model.IndexOf(index);
            if (kind < 5)
            {
                list.Remove(records, index);
                model.RemoveAt(place);
                return;
            }

            // All between the two go, or all before the one and all behind it.
            int end = model.IndexOf(other) > place ? model.IndexOf(other) : model.Count;
            list.RemoveBetween(records, index, end < model.Count ? other : -1);
            model.RemoveRange(place + 1, end - place - 1);
            list.RemoveBetween(records, -1, index);
            model.RemoveRange(0, place);
        }
        else if (kind == 0)
        {
            list.Prepend(records, index);
            model.Insert(0, index);
        }
        else if (kind < 3 || !model.Contains(other))
        {
            list.Append(records, index);
            model.Add(index);
        }
        else if (kind == 3)
        {
            list.InsertBefore(records, other, index);
            model.Insert(model.IndexOf(other), index);
        }
        else
        {
            list.InsertBehind(records, other, index);
            model.Insert(model.IndexOf(other) + 1, index);
        }
    }

    private static void Check(Slab<Record> records, in SlabList<Record, Record.ByOrder> list, List<int> model)
    {
        var forth = new List<int>();
        for (int i = list.Head; i >= 0; i = records[i].Order.Next)
        {
            forth.Add(i);
        }

        var back = new List<int>();
        for (int i = list.Tail; i >= 0; i = records[i].Order.Previous)
        {
            back.Insert(0, i);
        }

        Assert.That(forth, Is.EqualTo(model));
        Assert.That(back, Is.EqualTo(model));
        Assert.That((list.IsEmpty, list.Audit(records)), Is.EqualTo((model.Count == 0, model.Count)));
    }

    private struct Record
    {
        public ListLink Order;
        public ListLink Turn;

        internal readonly struct ByOrder : IListLink<Record>
        {
            public static ref ListLink Of(ref Record record) => ref record.Order;
        }

        internal readonly struct ByTurn : IListLink<Record>
        {
            public static ref ListLink Of(ref Record record) => ref record.Turn;
        }
    }
}
