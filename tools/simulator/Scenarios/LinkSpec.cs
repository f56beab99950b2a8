namespace NexStream.Simulator.Scenarios;

/// <summary>What a scenario says of one direction of a link. A key that is missing keeps its value: the default's at the start, the former one's in a step.</summary>
internal record LinkSpec
{
    /// <summary>Million bits per second.</summary>
    public double? RateMbps { get; set; }

    /// <summary>One way.</summary>
    public double? DelayMs { get; set; }

    /// <summary>Added to the delay of each frame, uniform from 0 to this; frames stay in order.</summary>
    public double? JitterMs { get; set; }

    /// <summary>Thousand bytes that wait at most; by default one bandwidth-delay product, at least eight frames.</summary>
    public double? QueueKb { get; set; }

    /// <summary>droptail, red or codel.</summary>
    public string? Queue { get; set; }

    /// <summary>The share of frames that are lost at random, behind the queue.</summary>
    public double? Loss { get; set; }

    /// <summary>Loss in bursts.</summary>
    public BurstLossSpec? BurstLoss { get; set; }

    /// <summary>The share of frames that are held back, so that later ones overtake them.</summary>
    public double? Reorder { get; set; }

    /// <summary>They are held back for up to this.</summary>
    public double? ReorderDelayMs { get; set; }

    /// <summary>The share of frames that arrive twice.</summary>
    public double? Duplicate { get; set; }

    /// <summary>The share of frames that are damaged, which the link's checksum finds: the frame is dropped.</summary>
    public double? Corrupt { get; set; }

    /// <summary>ECN-capable frames that find more than so many thousand bytes waiting are marked.</summary>
    public double? EcnMarkKb { get; set; }

    /// <summary>The largest frame that gets through; by default the scenario's.</summary>
    public int? Mtu { get; set; }
}

/// <summary>Gilbert–Elliott loss: in the good state nothing is lost, in the bad state everything.</summary>
internal sealed record BurstLossSpec
{
    /// <summary>The chance, with each frame, to go from good to bad.</summary>
    public double P { get; set; }

    /// <summary>The chance, with each frame, to go back: bursts are 1/r long on average.</summary>
    public double R { get; set; } = 1;
}

/// <summary>A link with what changes over time.</summary>
internal record DirectionSpec : LinkSpec
{
    /// <summary>The parts that the path gets where a flow sprays by weight.</summary>
    public byte Weight { get; set; } = 1;

    /// <summary>Changes.</summary>
    public IReadOnlyList<StepSpec> Steps { get; set; } = [];

    /// <summary>Times at which everything that enters or leaves the link is lost; null: none, and for the way back those of the way there.</summary>
    public IReadOnlyList<OutageSpec>? Outages { get; set; }
}

/// <summary>A further path from clients to servers, and back.</summary>
internal sealed record PathSpec : DirectionSpec
{
    /// <summary>The direction back; what is missing is as on the way there, but for loss, reordering, duplicates, damage and steps.</summary>
    public DirectionSpec? Reverse { get; set; }
}

/// <summary>From a time on some keys of a link have other values.</summary>
internal sealed record StepSpec : LinkSpec
{
    /// <summary>From when on.</summary>
    public double AtS { get; set; }
}

/// <summary>The link is dead for a while.</summary>
internal sealed record OutageSpec
{
    /// <summary>From when on.</summary>
    public double AtS { get; set; }

    /// <summary>For how long.</summary>
    public double ForS { get; set; }
}
