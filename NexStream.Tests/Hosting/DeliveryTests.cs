using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Driver.Hosting;

namespace NexStream.Tests.Hosting;

/// <summary>How likely messages are to be delivered can be changed while a stream is in use, and a setting that cannot be is told to who asked, and to nobody else.</summary>
[TestFixture, NonParallelizable]
[CancelAfter(60_000)]
internal sealed class DeliveryTests
{
    private const int Messages = 1000;

    private HostPair _pair = null!;

    [SetUp]
    public void Start() => _pair = new HostPair();

    [TearDown]
    public async Task Stop()
    {
        AppContext.SetSwitch(Features.ForwardErrorCorrectionSwitch, true);
        await _pair.DisposeAsync();
    }

    [Test]
    public async Task SetDelivery_InMidStream_HoldsForLaterMessages()
    {
        (NexStreamStream near, _) = await _pair.OpenAsync(TransportMode.Probabilistic);
        await SendAsync(near);
        Assert.That((await near.GetStatisticsAsync()).Delivery!.Value.Thinned, Is.Zero);
        await near.SetDeliveryAsync(new ProbabilisticConfig(0.5));
        await SendAsync(near);

        // Half of them: twenty standard deviations each way.
        Assert.That((await near.GetStatisticsAsync()).Delivery!.Value.Thinned, Is.InRange(Messages / 5, Messages * 4 / 5));
    }

    [Test]
    public async Task SetDelivery_OutOfRange_IsTheCallersFault()
    {
        (NexStreamStream near, _) = await _pair.OpenAsync(TransportMode.Probabilistic);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await near.SetDeliveryAsync(new ProbabilisticConfig(2)));
        await near.SendAsync(new byte[1]);
        Assert.That(_pair.Client.IsRunning, Is.True);
    }

    [Test]
    public async Task Delivery_WithRepairsThatWereLeftOut_IsTheCallersFault()
    {
        (NexStreamStream near, _) = await _pair.OpenAsync(TransportMode.Probabilistic);
        AppContext.SetSwitch(Features.ForwardErrorCorrectionSwitch, false);
        ProbabilisticConfig wanted = new(0.9);
        await Assert.ThrowsAsync<NotSupportedException>(async () => await near.SetDeliveryAsync(wanted));
        await Assert.ThrowsAsync<NotSupportedException>(async () => await near.Connection.OpenStreamAsync(new StreamConfig(TransportMode.Probabilistic, Delivery: wanted)));
        await near.SendAsync(new byte[1]);
        Assert.That(_pair.Client.IsRunning, Is.True);
    }

    [Test]
    public async Task SetDelivery_WithoutProbability_IsRefusedAtOnce()
    {
        (NexStreamStream near, _) = await _pair.OpenAsync(TransportMode.BestEffort);
        Assert.Throws<InvalidOperationException>(() => near.SetDeliveryAsync(new ProbabilisticConfig(0.5)).AsTask());
    }

    [Test]
    public async Task SetDelivery_AfterTheEnd_SaysWhichEnd()
    {
        ProbabilisticConfig wanted = new(0.5);
        (NexStreamStream near, NexStreamStream far) = await _pair.OpenAsync(TransportMode.Probabilistic);
        await near.FinishAsync();
        Assert.That((await Assert.ThrowsAsync<NexStreamException>(async () => await near.SetDeliveryAsync(wanted)))!.Error, Is.EqualTo(NexStreamError.StreamFinished));
        await near.Connection.CloseAsync();
        Assert.That((await Assert.ThrowsAsync<NexStreamException>(async () => await far.SetDeliveryAsync(wanted)))!.Error, Is.EqualTo(NexStreamError.ConnectionClosed));
    }

    private static async Task SendAsync(NexStreamStream stream)
    {
        for (int i = 0; i < Messages; i++)
        {
            await stream.SendAsync(new byte[10]);
        }
    }
}
