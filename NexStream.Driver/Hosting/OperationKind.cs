namespace NexStream.Driver.Hosting;

internal enum OperationKind : byte
{
    Connect,
    AcceptConnection,
    CloseConnection,
    OpenStream,
    AcceptStream,
    HostStatistics,
    ConnectionStatistics,
    StreamStatistics,
    MessageLengthMax,
    Send,
    SendLease,
    Lease,
    SetDelivery,
    Finish,
    Receive,
    ReceiveLease,
}
