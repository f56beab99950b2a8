using System.Buffers.Binary;
using System.Globalization;
using NexStream.Core;
using NexStream.Core.Primitives;

namespace NexStream.Tool.Transfer;

/// <summary>The receiving end of one file's stream: reads it into a file and answers.</summary>
internal sealed class IncomingStream : IDisposable
{
    /// <summary>Reads of one turn, so that a fast stream does not keep the loop from its other work.</summary>
    private const int ReadsPerTurn = 16;

    private readonly StreamHandle _stream;
    private readonly string _directory;
    private readonly bool _force;
    private readonly FileParser _parser = new();
    private readonly byte[] _trailer = new byte[System.Security.Cryptography.SHA256.HashSizeInBytes];
    private readonly byte[] _answers = new byte[2 * TransferAnswer.SizeMax];
    private readonly Instant _start;
    private IncomingFile? _file;
    private BlockPlan? _plan;
    private long _position;
    private int _answerStart;
    private int _answerEnd;
    private bool _hasTrailer;

    public IncomingStream(StreamHandle stream, string directory, bool force, Instant now)
    {
        _stream = stream;
        _directory = directory;
        _force = force;
        _start = now;
        IsMessages = stream.Mode == TransportMode.ReliableUnordered;
    }

    /// <summary>What became of the file; null while it comes.</summary>
    public FileReport? Report { get; private set; }

    /// <summary>Whether nothing is left to be done.</summary>
    public bool IsOver { get; private set; }

    public string Name { get; private set; } = "(no name yet)";

    public double Progress => _file is null ? 0 : _file.Length == 0 ? 1 : (double)_file.Written / _file.Length;

    /// <summary>The bar that shows it; negative: none yet.</summary>
    public int Bar { get; set; } = -1;

    /// <summary>The stream's id, by which blocks of a fetched file say whose they are.</summary>
    public uint Id => _stream.Id;

    private bool IsMessages { get; }

    private bool IsAllThere => _plan?.IsComplete ?? (!IsMessages || _file!.Written >= _file.Length);

    /// <summary>Reads what there is, and answers. Returns whether there was anything to do.</summary>
    /// <param name="buffer">Scratch memory, longer than a message of this protocol.</param>
    /// <param name="now">The time of the turn.</param>
    public bool Turn(byte[] buffer, Instant now)
    {
        bool worked = false;
        try
        {
            for (int i = 0; i < ReadsPerTurn && Report is null && !_hasTrailer && TryRead(buffer, now); i++)
            {
                worked = true;
            }

            // Over RU content may come behind the trailer, and what is fetched comes when it comes.
            if (Report is null && _hasTrailer && _file is { } file && IsAllThere)
            {
                worked = true;
                if (file.HashOn(buffer))
                {
                    file.Store(_trailer);
                    Finish(now, TransferStatus.Stored, file.Name, null);
                }
            }
            else if (Report is null && _hasTrailer && IsMessages)
            {
                worked |= TryRead(buffer, now);
            }

            worked |= Report is null && AskForBlocks(now);
        }
        catch (TransferException failure)
        {
            Finish(now, failure.Status, failure.Message, failure.Message);
        }

        return worked | SendAnswers();
    }

    /// <summary>A block of a fetched file came over another stream.</summary>
    public void OnBlock(ReadOnlySpan<byte> content, long offset, Instant now)
    {
        try
        {
            bool isWhole = _file is not null && content.Length == Math.Min(BlockPlan.BlockSize, _file.Length - offset);
            if (Report is null && isWhole && _plan is not null && _plan.TryAdd(offset, now))
            {
                _file!.Write(content, offset);
            }
        }
        catch (TransferException failure)
        {
            Finish(now, failure.Status, failure.Message, failure.Message);
        }
    }

    /// <summary>The connection or the process at its other end is gone.</summary>
    public void GiveUp(Instant now, string why)
    {
        if (Report is null)
        {
            Report = new FileReport(Name, _file?.Written ?? 0, false, (now - _start) / (double)Instant.Second, why);
        }

        IsOver = true;
        Dispose();
    }

    public void Dispose() => _file?.Dispose();

    private bool TryRead(byte[] buffer, Instant now)
    {
        ReceiveResult result = _stream.Receive(buffer);
        switch (result.Status)
        {
            case CallStatus.Ok when IsMessages:
                OnMessage(buffer.AsSpan(0, result.Bytes), now);
                return true;
            case CallStatus.Ok:
                OnBytes(buffer.AsSpan(0, result.Bytes), now);
                return true;
            case CallStatus.WouldBlock:
                return false;
            case CallStatus.MessageTooLong:
                throw new TransferException(TransferStatus.Malformed, $"A message of {result.Bytes} bytes is not of this protocol.");
            default:
                throw new TransferException(TransferStatus.Incomplete, $"The stream ended ({result.Status}) before the file did: send it again.");
        }
    }

    private void OnBytes(ReadOnlySpan<byte> input, Instant now)
    {
        while (!_hasTrailer || !input.IsEmpty)
        {
            switch (_parser.Next(ref input, out ReadOnlySpan<byte> content))
            {
                case FileParserStep.Header:
                    Accept(_parser.Header!, now);
                    break;
                case FileParserStep.Content:
                    _file!.Write(content, _position);
                    _position += content.Length;
                    break;
                case FileParserStep.Trailer:
                    _parser.Trailer.CopyTo(_trailer);
                    _hasTrailer = true;
                    break;
                case FileParserStep.Malformed:
                    throw new TransferException(TransferStatus.Malformed, "What came is not a file of this protocol: use the same version on both sides.");
                default:
                    return;
            }
        }
    }

    private void OnMessage(ReadOnlySpan<byte> message, Instant now)
    {
        ReadOnlySpan<byte> body = message[1..];
        switch ((FileMessageKind)message[0])
        {
            case FileMessageKind.Header when _file is null && FileHeader.TryRead(body, out FileHeader? header, out int consumed) == ReadStatus.Ok && consumed == body.Length && !header!.IsFetched:
                Accept(header!, now);
                break;
            case FileMessageKind.Content when _file is not null && body.Length > sizeof(long):
                _file.Write(body[sizeof(long)..], BinaryPrimitives.ReadInt64BigEndian(body));
                break;
            case FileMessageKind.Trailer when _file is not null && !_hasTrailer && body.Length == _trailer.Length:
                body.CopyTo(_trailer);
                _hasTrailer = true;
                break;
            default:
                throw new TransferException(TransferStatus.Malformed, "What came is not a file of this protocol: use the same version on both sides.");
        }
    }

    private void Accept(FileHeader header, Instant now)
    {
        Name = SafeFileName.Reduce(header.Name) ?? Name;
        if (header is { IsFetched: true, Length: > BlockPlan.FileLengthMax })
        {
            throw new TransferException(TransferStatus.Malformed, $"\"{Name}\" is too long to be fetched in blocks: send it with --mode ro.");
        }

        _plan = header.IsFetched ? new BlockPlan(header.Length, now) : null;
        _file = new IncomingFile(_directory, header, _force);
        Answer(new TransferAnswer(TransferStatus.Accepted, string.Empty));
    }

    /// <summary>Asks for blocks, one run after the other so that the answers' memory is bounded.</summary>
    private bool AskForBlocks(Instant now)
    {
        if (_plan is null || _answerStart != _answerEnd || !_plan.TryAsk(now, out long first, out int count))
        {
            return false;
        }

        Answer(new TransferAnswer(TransferStatus.Wanted, string.Create(CultureInfo.InvariantCulture, $"{first} {count}")));
        return true;
    }

    private void Finish(Instant now, TransferStatus status, string text, string? error)
    {
        Report = new FileReport(Name, _file?.Length ?? 0, error is null, (now - _start) / (double)Instant.Second, error);
        Answer(new TransferAnswer(status, text));
        Dispose();
    }

    private void Answer(TransferAnswer answer) => _answerEnd += answer.Write(_answers.AsSpan(_answerEnd));

    /// <summary>Over RU an answer is one message: there, each is sent before the next one is written.</summary>
    private bool SendAnswers()
    {
        bool worked = false;
        if (_answerStart < _answerEnd)
        {
            _ = TransferAnswer.TryRead(_answers.AsSpan(_answerStart, _answerEnd - _answerStart), out _, out int first);
            int length = IsMessages ? first : _answerEnd - _answerStart;
            SendResult result = _stream.Send(_answers.AsSpan(_answerStart, length));
            _answerStart += result.Bytes;
            worked = result.Bytes != 0;
            IsOver |= result.Status == CallStatus.Closed;
        }

        if (_answerStart == _answerEnd)
        {
            _answerStart = 0;
            _answerEnd = 0;
        }

        if (_answerEnd == 0 && Report is not null && !IsOver)
        {
            // What the sender still has is of no use; the answer goes out all the same.
            IsOver = true;
            _stream.Close();
            worked = true;
        }

        return worked;
    }
}
