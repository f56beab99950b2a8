namespace NexStream.Core.Recovery;

/// <summary>One sample of the delivery rate (draft-ietf-ccwg-bbr §4.1.2.3): bytes, nanoseconds and bytes per second.</summary>
/// <param name="PriorDelivered">Bytes that had been delivered when the sampled packet left.</param>
/// <param name="Delivered">Bytes delivered since.</param>
/// <param name="IntervalNs">Over how long; 0: too short to tell.</param>
/// <param name="Rate">Bytes per second; 0: none.</param>
/// <param name="TransmitInFlight">Bytes in flight just after the packet left.</param>
/// <param name="LostBytes">Bytes declared lost since it left.</param>
/// <param name="IsApplicationLimited">Whether the application rather than the path may have set the rate.</param>
internal readonly record struct DeliveryRateSample(
    long PriorDelivered, long Delivered, long IntervalNs, long Rate, long TransmitInFlight, long LostBytes, bool IsApplicationLimited);
