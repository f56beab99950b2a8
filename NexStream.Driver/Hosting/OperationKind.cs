namespace NexStream.Driver.Hosting;

internal enum OperationKind : byte
{
    Connect,
    AcceptConnection,
    CloseConnection,
    OpenStream,
    AcceptStream,
    Send,
    SendLease,
    Lease,
    Finish,
    Receive,
    ReceiveLease,
}
