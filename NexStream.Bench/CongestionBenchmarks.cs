using BenchmarkDotNet.Attributes;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;

namespace NexStream.Bench;

/// <summary>What a congestion controller costs for one acknowledgement of sixteen packets, in a steady flow.</summary>
[MemoryDiagnoser]
public class CongestionBenchmarks
{
    private const int FrameLength = 1500;
    private const int Packets = 16;
    private const long RttNs = 20 * Instant.Millisecond;
    private const long AckIntervalNs = 2 * Instant.Millisecond;

    private ICongestionController? _controller;
    private Instant _now;
    private ulong _number;
    private long _delivered;

    [Params("cubic", "bbr", "none")]
    public string Controller { get; set; } = "cubic";

    [GlobalSetup]
    public void Setup()
    {
        if (!CongestionControllers.TryGet(Controller, out ICongestionControllerFactory? factory))
        {
            throw new InvalidOperationException($"There is no controller {Controller}.");
        }

        _now = new Instant(Instant.Second);
        _controller = factory.Create();
        _controller.Reset(CongestionParameters.ForPath(_now, FrameLength));
    }

    [Benchmark]
    public long Acknowledge()
    {
        const long Bytes = Packets * FrameLength;
        _now += AckIntervalNs;
        _number += Packets;
        _delivered += Bytes;
        long inFlight = _controller!.CongestionWindow;
        _controller.OnAcknowledged(new AcknowledgedBatch
        {
            Now = _now,
            AcknowledgedBytes = Bytes,
            AcknowledgedPackets = Packets,
            LargestAcknowledged = _number,
            LargestAcknowledgedSentAt = new Instant(_now.Nanoseconds - RttNs),
            LargestSent = _number + (ulong)(inFlight / FrameLength),
            BytesInFlight = inFlight - Bytes,
            PriorBytesInFlight = inFlight,
            RttSampleNs = RttNs,
            LatestRttNs = RttNs,
            SmoothedRttNs = RttNs,
            MinRttNs = RttNs,
            Delivered = _delivered,
            PriorDelivered = Math.Max(_delivered - inFlight, 0),
            SampleDelivered = inFlight,
            DeliveryRate = Bytes * Instant.Second / AckIntervalNs,
            DeliveryIntervalNs = RttNs,
            TransmitInFlight = inFlight,
        });
        return _controller.CongestionWindow;
    }
}
