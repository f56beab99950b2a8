namespace NexStream.Driver;

/// <summary>What a <see cref="EndpointDriver"/> has done since it was made. Read it on the driver's thread.</summary>
public struct DriverStatistics
{
    /// <summary>Calls of <see cref="EndpointDriver.Poll"/>.</summary>
    public long Turns;

    /// <summary>Calls of <see cref="EndpointDriver.Poll"/> that found something to do.</summary>
    public long TurnsWithWork;

    /// <summary>Frames that came in and went to the endpoint.</summary>
    public long FramesReceived;

    /// <summary>Frames that came in with a NexLink header of another version.</summary>
    public long FramesMalformed;

    /// <summary>Frames that links have taken.</summary>
    public long FramesSent;

    /// <summary>Frames for a node to which there is no link, or no link any more.</summary>
    public long FramesUnroutable;

    /// <summary>Frames dropped because the peer had taken nothing for longer than <see cref="DriverOptions.FullRingPatienceNs"/>.</summary>
    public long FramesDroppedByStall;

    /// <summary>Turns in which transmission stopped at a full ring.</summary>
    public long FullRings;

    /// <summary>Timers that fired.</summary>
    public long TimersFired;

    /// <summary>Holds on own frames that came back.</summary>
    public long HoldsReclaimed;

    /// <summary>Holds on peers' frames that went back.</summary>
    public long HoldsReleased;

    /// <summary>Links whose peer is gone.</summary>
    public long LinksLost;
}
