namespace NexStream.Core.State;

/// <summary>
/// The sending half of a stream (RFC 9000 §3.1):
/// <code>
/// Open ──finish──▶ DataSent ──all acknowledged──▶ Ended
///   │                 │                             ▲
///   └────reset────────┴──▶ ResetSent ──acknowledged─┘
/// </code>
/// </summary>
internal enum SendState : byte
{
    /// <summary>The application may send.</summary>
    Open,

    /// <summary>The application has finished; data or FIN is still on its way.</summary>
    DataSent,

    /// <summary>STREAM_RESET is on its way.</summary>
    ResetSent,

    /// <summary>Nothing is on its way any more.</summary>
    Ended,
}

/// <summary>
/// The receiving half of a stream (RFC 9000 §3.2):
/// <code>
/// Open ──all arrived──▶ DataReceived ──all read──▶ Ended
///   │                       │                        ▲
///   └──────reset────────────┴──▶ ResetReceived ─told─┘
/// </code>
/// </summary>
internal enum ReceiveState : byte
{
    /// <summary>More may come.</summary>
    Open,

    /// <summary>Everything up to the final size is here.</summary>
    DataReceived,

    /// <summary>The peer gave up its sending half.</summary>
    ResetReceived,

    /// <summary>The application knows the end.</summary>
    Ended,
}

/// <summary>The transitions of both halves, all of them. An invalid one changes nothing and answers false.</summary>
internal static class StreamTransitions
{
    public static bool TryFinish(ref this SendState state) => Move(ref state, SendState.Open, SendState.DataSent);

    public static bool TryAcknowledgeAll(ref this SendState state) => Move(ref state, SendState.DataSent, SendState.Ended);

    public static bool TryReset(ref this SendState state) =>
        Move(ref state, SendState.Open, SendState.ResetSent) || Move(ref state, SendState.DataSent, SendState.ResetSent);

    public static bool TryAcknowledgeReset(ref this SendState state) => Move(ref state, SendState.ResetSent, SendState.Ended);

    public static bool TryComplete(ref this ReceiveState state) => Move(ref state, ReceiveState.Open, ReceiveState.DataReceived);

    public static bool TryReadAll(ref this ReceiveState state) => Move(ref state, ReceiveState.DataReceived, ReceiveState.Ended);

    public static bool TryReset(ref this ReceiveState state) =>
        Move(ref state, ReceiveState.Open, ReceiveState.ResetReceived) || Move(ref state, ReceiveState.DataReceived, ReceiveState.ResetReceived);

    public static bool TryTell(ref this ReceiveState state) => Move(ref state, ReceiveState.ResetReceived, ReceiveState.Ended);

    private static bool Move<T>(ref T state, T from, T to)
        where T : struct, Enum
    {
        if (!EqualityComparer<T>.Default.Equals(state, from))
        {
            return false;
        }

        state = to;
        return true;
    }
}
