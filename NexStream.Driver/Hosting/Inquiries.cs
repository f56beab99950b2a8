using NexStream.Core;

namespace NexStream.Driver.Hosting;

/// <summary>Answers what is asked of the host, of its connections and of its streams, at once: nothing of it ever waits. The driver's thread alone uses it.</summary>
internal sealed class Inquiries(Endpoint endpoint)
{
    public void Answer(Operation operation)
    {
        if (Failure(operation) is { } failure)
        {
            operation.Fail(failure);
            return;
        }

        switch (operation.Kind)
        {
            case OperationKind.HostStatistics:
                operation.Statistics = endpoint.Statistics;
                break;
            case OperationKind.ConnectionStatistics:
                operation.Statistics = operation.Connection!.Handle.Statistics;
                break;
            case OperationKind.StreamStatistics:
                operation.Statistics = operation.Stream!.Handle.Statistics;
                break;
            default:
                operation.Bytes = operation.Stream!.Handle.MessageLengthMax;
                break;
        }

        operation.Complete();
    }

    /// <summary>A handle of what is over answers with zeros, which nobody could tell from numbers.</summary>
    private static NexStreamException? Failure(Operation operation) => operation switch
    {
        { Connection: { IsClosed: true } connection } => connection.Failure(0),
        { Stream: { } stream } => stream.OverFailure,
        _ => null,
    };
}
