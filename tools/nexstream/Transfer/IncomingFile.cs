using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace NexStream.Tool.Transfer;

/// <summary>
/// A file while it arrives: under a temporary name in the directory that it is for, and renamed when its hash is right. Disposed of
/// before that, it leaves nothing behind.
/// </summary>
internal sealed class IncomingFile : IDisposable
{
    /// <summary>The error number of a full disk in an IOException on Unix (ENOSPC), and of a quota that is used up (EDQUOT).</summary>
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;

    /// <summary>File too large (EFBIG): what the system answers when nobody could have so much room.</summary>
    private const int TooLarge = 27;

    private readonly string _path;
    private readonly string _temporaryPath;
    private readonly bool _force;
    private readonly SafeFileHandle _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _hashed;
    private bool _isStored;

    /// <summary>Makes room for the file.</summary>
    /// <exception cref="TransferException">It cannot be stored here.</exception>
    public IncomingFile(string directory, FileHeader header, bool force)
    {
        Name = SafeFileName.Reduce(header.Name)
            ?? throw new TransferException(TransferStatus.Malformed, "Nothing is left of the file's name that could name a file: rename it and send it again.");
        Length = header.Length;
        _force = force;
        _path = Path.Combine(directory, Name);
        ThrowIfTaken();

        // Random, so that two senders of the same name do not meet; hidden, so that nobody takes it for the file.
        _temporaryPath = Path.Combine(directory, $".{Name}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}.part");
        _file = Guard(() => File.OpenHandle(_temporaryPath, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.None, preallocationSize: Length));
    }

    /// <summary>The name that it will have.</summary>
    public string Name { get; }

    public long Length { get; }

    /// <summary>Bytes written so far.</summary>
    public long Written { get; private set; }

    /// <summary>Writes a run. What comes in order is hashed at once.</summary>
    /// <exception cref="TransferException">The disk is full, or the run is beyond the file's end.</exception>
    public void Write(ReadOnlySpan<byte> content, long offset)
    {
        if (offset < 0 || offset > Length - content.Length)
        {
            throw new TransferException(TransferStatus.Malformed, $"Content at {offset} is beyond the file's {Length} bytes.");
        }

        try
        {
            RandomAccess.Write(_file, content, offset);
        }
        catch (IOException failure)
        {
            throw Translate(failure);
        }

        Written += content.Length;
        if (offset == _hashed)
        {
            _hash.AppendData(content);
            _hashed += content.Length;
        }
    }

    /// <summary>Hashes what was not yet, in pieces so that its caller can do other things in between. True: all is hashed.</summary>
    /// <exception cref="TransferException">The file cannot be read back.</exception>
    public bool HashOn(byte[] buffer)
    {
        if (_hashed < Length)
        {
            int read = Guard(() => RandomAccess.Read(_file, buffer, _hashed));
            if (read == 0)
            {
                throw new TransferException(TransferStatus.Incomplete, $"Only {_hashed} of {Length} bytes arrived: send it again.");
            }

            _hash.AppendData(buffer, 0, read);
            _hashed += read;
        }

        return _hashed >= Length;
    }

    /// <summary>Gives the file its name if its hash is that one.</summary>
    /// <exception cref="TransferException">The hash is another, the name is taken by now, or renaming failed.</exception>
    public void Store(ReadOnlySpan<byte> sha256)
    {
        Span<byte> actual = stackalloc byte[SHA256.HashSizeInBytes];
        _hash.GetHashAndReset(actual);
        if (Written != Length || !actual.SequenceEqual(sha256))
        {
            throw new TransferException(TransferStatus.HashMismatch, $"\"{Name}\" did not arrive as it was sent (SHA-256 differs): send it again.");
        }

        _file.Dispose();
        ThrowIfTaken();
        Guard(() =>
        {
            File.Move(_temporaryPath, _path, _force);
            return true;
        });
        _isStored = true;
    }

    public void Dispose()
    {
        _hash.Dispose();
        _file.Dispose();
        if (!_isStored)
        {
            try
            {
                File.Delete(_temporaryPath);
            }
            catch (IOException)
            {
                // It cannot be deleted now: its name says what it is.
            }
        }
    }

    private void ThrowIfTaken()
    {
        if (Path.Exists(_path) && (!_force || Directory.Exists(_path)))
        {
            throw new TransferException(TransferStatus.Exists, $"\"{Name}\" exists at the receiver: move it away, or start receive with --force.");
        }
    }

    private T Guard<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Translate(failure);
        }
    }

    private TransferException Translate(Exception failure) => (failure.HResult & 0xFFFF) is NoSpace or QuotaExceeded or TooLarge
        ? new TransferException(TransferStatus.DiskFull, $"The receiver's disk has no room for \"{Name}\" ({Length} bytes): make room and send it again.")
        : new TransferException(TransferStatus.WriteFailed, $"\"{Name}\" cannot be written at the receiver: {failure.Message}");
}
