namespace NexStream.Driver.Hosting;

/// <summary>Operations that wait, in the order in which they were started: a list through the operations themselves. The driver's thread alone uses it.</summary>
internal struct OperationQueue
{
    private Operation? _last;

    public Operation? First { get; private set; }

    public void Enqueue(Operation operation)
    {
        operation.IsQueued = true;
        operation.Next = null;
        if (_last is null)
        {
            First = operation;
        }
        else
        {
            _last.Next = operation;
        }

        _last = operation;
    }

    public Operation Dequeue()
    {
        Operation first = First!;
        Remove(first);
        return first;
    }

    public bool Remove(Operation operation)
    {
        Operation? previous = null;
        for (Operation? item = First; item is not null; previous = item, item = item.Next)
        {
            if (item != operation)
            {
                continue;
            }

            if (previous is null)
            {
                First = item.Next;
            }
            else
            {
                previous.Next = item.Next;
            }

            _last = _last == item ? previous : _last;
            item.Next = null;
            item.IsQueued = false;
            return true;
        }

        return false;
    }
}
