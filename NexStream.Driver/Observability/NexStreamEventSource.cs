using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Tracing;

namespace NexStream.Driver.Observability;

/// <summary>
/// What happens to drivers that have telemetry, for dotnet-trace, PerfView and EventListeners: <c>dotnet-trace collect --providers NexStream</c>.
/// Costs nothing while nobody listens.
/// </summary>
[EventSource(Name = SourceName)]
internal sealed class NexStreamEventSource : EventSource
{
    public const string SourceName = "NexStream";

    /// <summary>The one.</summary>
    public static readonly NexStreamEventSource Log = new();

    private const string Primitive = "Only strings and numbers are written, which need nothing of the trimmer.";

    private NexStreamEventSource()
    {
    }

    /// <summary>Telemetry was attached to a driver.</summary>
    [Event(1, Message = "Driver {0} started, node {1}")]
    public void DriverStarted(string driver, string node) => WriteEvent(1, driver, node);

    /// <summary>The driver, or its telemetry, ended.</summary>
    [Event(2, Message = "Driver {0} stopped")]
    public void DriverStopped(string driver) => WriteEvent(2, driver);

    /// <summary>The host was told of a connection.</summary>
    [Event(3, Message = "{0}: connection {1} to {2} opened")]
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = Primitive)]
    public void ConnectionOpened(string driver, int connection, string remote, bool isAccepted) => WriteEvent(3, driver, connection, remote, isAccepted);

    /// <summary>The host was told that a connection ended.</summary>
    [Event(4, Message = "{0}: connection {1} closed, {2}")]
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = Primitive)]
    public void ConnectionClosed(string driver, int connection, string reason, long undeliveredBytes, long undeliveredMessages, long unreadBytes) =>
        WriteEvent(4, driver, connection, reason, undeliveredBytes, undeliveredMessages, unreadBytes);

    /// <summary>A stream was opened, by this side or the peer's.</summary>
    [Event(5, Message = "{0}: connection {1} stream {2} opened, {3}")]
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = Primitive)]
    public void StreamOpened(string driver, int connection, long stream, string mode, bool isLocal) => WriteEvent(5, driver, connection, stream, mode, isLocal);

    /// <summary>The host was told that a stream is gone. Its id is not known any more: <paramref name="handle"/> is the handle's index.</summary>
    [Event(6, Message = "{0}: connection {1} stream {2} closed, {3}")]
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = Primitive)]
    public void StreamClosed(string driver, int connection, int handle, string reason) => WriteEvent(6, driver, connection, handle, reason);

    /// <summary>Packets of a connection were declared lost since the last look.</summary>
    [Event(7, Level = EventLevel.Warning, Message = "{0}: connection {1} lost {2} packets, window {3} bytes")]
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = Primitive)]
    public void LossEpisode(string driver, int connection, long packets, long congestionWindow, long smoothedRttNs) =>
        WriteEvent(7, driver, connection, packets, congestionWindow, smoothedRttNs);

    /// <summary>The peer of a link is gone.</summary>
    [Event(8, Level = EventLevel.Warning, Message = "{0}: the link to {1} is lost, process {2}")]
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = Primitive)]
    public void LinkLost(string driver, string remote, int processId) => WriteEvent(8, driver, remote, processId);

    /// <summary>A path of a connection carries data, carries none any more, or was closed: the name of the endpoint's event.</summary>
    [Event(9, Message = "{0}: connection {1} path {2} {3}")]
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = Primitive)]
    public void PathChanged(string driver, int connection, long path, string what) => WriteEvent(9, driver, connection, path, what);
}
