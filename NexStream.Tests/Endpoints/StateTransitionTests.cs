using NexStream.Core.State;

namespace NexStream.Tests.Endpoints;

/// <summary>Every transition from every state: those that are drawn in the sources' diagrams happen, all others change nothing.</summary>
[TestFixture]
public sealed class StateTransitionTests
{
    private delegate bool Transition<T>(ref T state)
        where T : struct;

    [Test]
    public void SendState_EveryTransitionFromEveryState_IsAsDrawn()
    {
        CheckAll(
            (StreamTransitions.TryFinish, [(SendState.Open, SendState.DataSent)]),
            (StreamTransitions.TryAcknowledgeAll, [(SendState.DataSent, SendState.Ended)]),
            (StreamTransitions.TryReset, [(SendState.Open, SendState.ResetSent), (SendState.DataSent, SendState.ResetSent)]),
            (StreamTransitions.TryAcknowledgeReset, [(SendState.ResetSent, SendState.Ended)]));
    }

    [Test]
    public void ReceiveState_EveryTransitionFromEveryState_IsAsDrawn()
    {
        CheckAll(
            (StreamTransitions.TryComplete, [(ReceiveState.Open, ReceiveState.DataReceived)]),
            (StreamTransitions.TryReadAll, [(ReceiveState.DataReceived, ReceiveState.Ended)]),
            (StreamTransitions.TryReset, [(ReceiveState.Open, ReceiveState.ResetReceived), (ReceiveState.DataReceived, ReceiveState.ResetReceived)]),
            (StreamTransitions.TryTell, [(ReceiveState.ResetReceived, ReceiveState.Ended)]));
    }

    [Test]
    public void ConnectionState_EveryTransitionFromEveryState_IsAsDrawn()
    {
        CheckAll(
            (ConnectionTransitions.TryConnect, [(ConnectionState.Closed, ConnectionState.Init)]),
            (ConnectionTransitions.TryAccept, [(ConnectionState.Closed, ConnectionState.Established)]),
            (ConnectionTransitions.TryEstablish, [(ConnectionState.Init, ConnectionState.Established)]),
            (ConnectionTransitions.TryBeginClose, [(ConnectionState.Established, ConnectionState.Closing)]),
            (ConnectionTransitions.TryEnd, [
                (ConnectionState.Init, ConnectionState.Closed),
                (ConnectionState.Established, ConnectionState.Closed),
                (ConnectionState.Closing, ConnectionState.Closed)]));
    }

    private static void CheckAll<T>(params (Transition<T> Transition, (T From, T To)[] Allowed)[] table)
        where T : struct, Enum
    {
        foreach ((Transition<T> transition, (T From, T To)[] allowed) in table)
        {
            foreach (T from in Enum.GetValues<T>())
            {
                T state = from;
                bool happened = transition(ref state);
                bool isAllowed = allowed.Any(a => a.From.Equals(from));
                T expected = isAllowed ? allowed.First(a => a.From.Equals(from)).To : from;
                Assert.That((happened, state), Is.EqualTo((isAllowed, expected)), $"{transition.Method.Name} from {from}.");
            }
        }
    }
}
