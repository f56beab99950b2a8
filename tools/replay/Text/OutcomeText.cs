using System.Text;
using NexStream.Core;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Replay.Inputs;
using NexStream.Replay.Reading;

namespace NexStream.Replay.Text;

/// <summary>Outcomes in words: reads the fields in the order in which <see cref="Core.Tracing.OutcomeTrace"/> takes them in.</summary>
internal static class OutcomeText
{
    // Bytes that are shown of what was read; their hash says whether the others are the same.
    private const int BytesShown = 32;

    /// <summary>What the trace says that a call gave back; null: nothing, as it may.</summary>
    public static string? Recorded(TraceStep step) => step.Outcome switch
    {
        null => step.Input.AlwaysAnswers ? "threw, or never returned" : null,
        { Fields: { } fields } => Described(step.Input, fields),
        _ => $"hash {step.Outcome.Hash:x8}",
    };

    /// <summary>What a call gave back, from the first field on.</summary>
    public static string Described(TraceInput input, OutcomeFields fields)
    {
        try
        {
            fields.Rewind();
            return input.Describe(fields);
        }
        catch (TraceException failure)
        {
            return failure.Message;
        }
    }

    public static string Sent(OutcomeFields fields)
    {
        var status = fields.Take<CallStatus>();
        return $"{status}, {fields.TakeNumber()} bytes, message {fields.TakeNumber()}";
    }

    public static string Read(OutcomeFields fields)
    {
        string result = Result(fields, out CallStatus status);
        return status == CallStatus.Ok ? $"{result}: {Bytes(fields.TakeBytes())}" : result;
    }

    public static string ReadSlices(OutcomeFields fields)
    {
        var text = new StringBuilder(Result(fields, out CallStatus status));
        for (ulong left = status == CallStatus.Ok ? fields.TakeNumber() : 0; left > 0; left--)
        {
            text.Append("; ").Append(Slice(fields));
        }

        return text.ToString();
    }

    public static string Event(OutcomeFields fields)
    {
        var kind = fields.Take<EventKind>();
        string connection = Names.Handle(fields.TakeNumber());
        string stream = Names.Handle(fields.TakeNumber());
        var reason = fields.Take<ReasonCode>();
        return $"{kind}, connection {connection}, stream {stream}, {reason}, value {fields.TakeNumber()}, undelivered {fields.TakeNumber()} bytes and "
            + $"{fields.TakeNumber()} messages, unread {fields.TakeNumber()} bytes";
    }

    public static string Deadline(OutcomeFields fields)
    {
        string connection = Names.Handle(fields.TakeNumber());
        var deadline = new Instant(unchecked((long)fields.TakeNumber()));
        return $"connection {connection}: {fields.Take<TimerKind>()} at {deadline}";
    }

    public static string Packets(OutcomeFields fields)
    {
        ulong count = fields.TakeNumber();
        var text = new StringBuilder($"{count} packets");
        for (ulong i = 0; i < count; i++)
        {
            LinkHeader.TryRead(fields.TakeBytes(), out LinkHeader header);
            byte[] head = fields.TakeBytes().ToArray();
            var slices = new List<string>();
            for (ulong left = fields.TakeNumber(); left > 0; left--)
            {
                slices.Add(Slice(fields));
            }

            text.Append("\n            ").Append(PacketText.Describe(header, head, header.PayloadLength - head.Length));
            foreach (string slice in slices)
            {
                text.Append("; ").Append(slice);
            }
        }

        return text.ToString();
    }

    private static string Result(OutcomeFields fields, out CallStatus status)
    {
        status = fields.Take<CallStatus>();
        ulong bytes = fields.TakeNumber();
        ulong slices = fields.TakeNumber();
        bool isNumbered = fields.TakeNumber() != 0;
        ulong message = fields.TakeNumber();
        var reason = fields.Take<ReasonCode>();
        return $"{status}, {bytes} bytes, {slices} slices{(isNumbered ? $", message {message}" : string.Empty)}{(reason == ReasonCode.None ? string.Empty : $", {reason}")}";
    }

    private static string Slice(OutcomeFields fields)
    {
        ulong place = fields.TakeNumber();
        ReadOnlySpan<byte> bytes = fields.TakeBytes();
        return $"{Names.Frame((uint)(place >> 32))}[{place & uint.MaxValue}+{bytes.Length}]: {Bytes(bytes)}";
    }

    private static string Bytes(ReadOnlySpan<byte> bytes) => bytes.Length <= BytesShown
        ? Convert.ToHexStringLower(bytes)
        : $"{Convert.ToHexStringLower(bytes[..BytesShown])}..., CRC-32C {Core.Tracing.BlockChecksum.Of(bytes):x8}";
}
