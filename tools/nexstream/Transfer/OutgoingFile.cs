using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Primitives;

namespace NexStream.Tool.Transfer;

/// <summary>The sending end of one file's stream: header, then, when the receiver takes it, content and hash, then the receiver's answer.</summary>
internal sealed class OutgoingFile : IDisposable
{
    /// <summary>Content in one message over RU, and in one read of the file.</summary>
    public const int BlockSize = 128 * 1024;

    /// <summary>What stands in front of content in a message: its kind and its offset.</summary>
    public const int PrefixSize = 1 + sizeof(long);

    private const int BlocksPerTurn = 16;

    private readonly SafeFileHandle _file;
    private readonly long _length;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _answer = new byte[TransferAnswer.SizeMax];
    private readonly byte[] _block;
    private StreamHandle _stream;
    private StreamHandle _blocks;
    private WantedBlocks? _wanted;
    private Instant _start;
    private Phase _phase = Phase.Header;
    private int _answerLength;
    private int _blockStart;
    private int _blockEnd;
    private long _position;

    /// <summary>Opens the file.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="block">Memory for a block and its prefix, for this file alone while it is sent.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public OutgoingFile(string path, byte[] block)
    {
        Name = Path.GetFileName(path);
        _block = block;
        _file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.SequentialScan);
        _length = RandomAccess.GetLength(_file);
    }

    private enum Phase
    {
        Header,
        AwaitingAccept,
        Content,
        Trailer,
        AwaitingStored,
        Over,
    }

    public string Name { get; }

    /// <summary>The block's memory, to be used again when the file is over.</summary>
    public byte[] Block => _block;

    /// <summary>What became of it; null while it is under way.</summary>
    public FileReport? Report { get; private set; }

    public double Progress => Report is not null ? 1 : _length == 0 ? 0 : (double)_position / _length;

    /// <summary>The bar that shows it.</summary>
    public int Bar { get; set; }

    private bool IsMessages => _stream.Mode == TransportMode.ReliableUnordered;

    /// <summary>Opens the file's stream.</summary>
    public void Begin(ConnectionHandle connection, in StreamConfig config, Instant now)
    {
        _start = now;
        bool isFetched = config.Mode is TransportMode.BestEffort or TransportMode.Probabilistic;
        CallStatus status = connection.OpenStream(isFetched ? config with { Mode = TransportMode.ReliableOrdered } : config, out _stream);
        if (status == CallStatus.Ok && isFetched)
        {
            status = connection.OpenStream(config, out _blocks);
            _wanted = new WantedBlocks(_file, _length, _blocks, _stream.Id);
        }

        if (status != CallStatus.Ok)
        {
            Finish(now, $"No stream could be opened for it: {status}.");
            return;
        }

        // In front of every block there is room for a message's prefix; over RO only what is behind it is sent.
        int length = new FileHeader(Name, _length, isFetched).Write(_block.AsSpan(1));
        _block[0] = (byte)FileMessageKind.Header;
        _blockStart = IsMessages ? 0 : 1;
        _blockEnd = 1 + length;
    }

    /// <summary>Sends what the stream takes and reads what the receiver answers. Returns whether there was anything to do.</summary>
    public bool Turn(Instant now)
    {
        if (Report is not null)
        {
            return false;
        }

        try
        {
            bool worked = ReadAnswer(now);
            worked |= Report is null && _wanted is not null && _wanted.Turn();
            for (int i = 0; i < BlocksPerTurn && Report is null && SendBlock(); i++)
            {
                worked = true;
            }

            return worked;
        }
        catch (IOException failure)
        {
            _stream.Reset(ReasonCode.Aborted);
            Finish(now, $"It cannot be read any further: {failure.Message}");
            return true;
        }
    }

    /// <summary>The connection or the process at its other end is gone.</summary>
    public void GiveUp(Instant now, string why)
    {
        if (Report is null)
        {
            Finish(now, why);
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        _hash.Dispose();
    }

    /// <summary>Sends what is left of the block, or makes the next one. Returns whether it got on.</summary>
    private bool SendBlock()
    {
        if (_blockStart < _blockEnd)
        {
            SendResult result = _stream.Send(_block.AsSpan(_blockStart, _blockEnd - _blockStart));
            _blockStart += result.Bytes;
            return result.Bytes != 0;
        }

        switch (_phase)
        {
            case Phase.Header:
                _phase = Phase.AwaitingAccept;
                return true;
            case Phase.Content when _position < _length:
                ReadBlock();
                return true;
            case Phase.Content:
                _block[0] = (byte)FileMessageKind.Trailer;
                _hash.GetHashAndReset(_block.AsSpan(1));
                _blockStart = IsMessages ? 0 : 1;
                _blockEnd = 1 + SHA256.HashSizeInBytes;
                _phase = Phase.Trailer;
                return true;
            case Phase.Trailer:
                _stream.Finish();
                _phase = Phase.AwaitingStored;
                return true;
            default:
                return false;
        }
    }

    private void ReadBlock()
    {
        int wanted = (int)Math.Min(BlockSize, _length - _position);
        int read = RandomAccess.Read(_file, _block.AsSpan(PrefixSize, wanted), _position);
        if (read == 0)
        {
            throw new EndOfStreamException($"the file became shorter while it was sent ({_position} of {_length} bytes are left): send it again.");
        }

        _hash.AppendData(_block, PrefixSize, read);
        _block[0] = (byte)FileMessageKind.Content;
        BinaryPrimitives.WriteInt64BigEndian(_block.AsSpan(1), _position);
        _position += read;
        _blockEnd = PrefixSize + read;

        // What is fetched is only hashed here.
        _blockStart = _wanted is not null ? _blockEnd : IsMessages ? 0 : PrefixSize;
    }

    private bool ReadAnswer(Instant now)
    {
        ReceiveResult result = _stream.Receive(_answer.AsSpan(_answerLength));
        if (result.Status == CallStatus.WouldBlock)
        {
            return false;
        }

        if (result.Status != CallStatus.Ok)
        {
            Finish(now, $"The receiver ended the stream without an answer ({result.Status}): look at its output, and send the file again.");
            return true;
        }

        _answerLength += result.Bytes;
        while (Report is null)
        {
            ReadStatus status = TransferAnswer.TryRead(_answer.AsSpan(0, _answerLength), out TransferAnswer? answer, out int consumed);
            if (status == ReadStatus.Malformed)
            {
                Finish(now, "The receiver's answer is not of this protocol: use the same version on both sides.");
            }

            if (status != ReadStatus.Ok)
            {
                break;
            }

            _answer.AsSpan(consumed, _answerLength - consumed).CopyTo(_answer);
            _answerLength -= consumed;
            OnAnswer(answer!, now);
        }

        return true;
    }

    private void OnAnswer(TransferAnswer answer, Instant now)
    {
        switch (answer.Status)
        {
            case TransferStatus.Accepted when _phase is Phase.Header or Phase.AwaitingAccept:
                _phase = Phase.Content;
                break;
            case TransferStatus.Stored when _phase is Phase.AwaitingStored:
                Finish(now, null);
                break;
            case TransferStatus.Wanted when _wanted is not null && _phase is Phase.Content or Phase.Trailer or Phase.AwaitingStored && _wanted.TryAdd(answer.Text):
                break;
            default:
                Finish(now, answer.Text.Length == 0 ? $"The receiver answered {answer.Status} ({(byte)answer.Status}) out of turn." : answer.Text);
                break;
        }
    }

    private void Finish(Instant now, string? error)
    {
        _phase = Phase.Over;
        Report = new FileReport(Name, _length, error is null, (now - _start) / (double)Instant.Second, error);
        if (error is not null)
        {
            _stream.Reset(ReasonCode.Aborted);
        }
        else
        {
            _stream.Close();
        }

        if (_wanted is not null)
        {
            _blocks.Reset(ReasonCode.None);
        }

        Dispose();
    }
}
