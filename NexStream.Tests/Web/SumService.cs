using System.Buffers.Binary;
using Grpc.Core;

namespace NexStream.Tests.Web;

/// <summary>A message.</summary>
internal sealed record Number(long Value);

/// <summary>The contract of a gRPC service, without a code generator: a message is a 64-bit number.</summary>
internal static class SumContract
{
    public static readonly Marshaller<Number> Wire = Marshallers.Create(
        static value =>
        {
            byte[] bytes = new byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, value.Value);
            return bytes;
        },
        static bytes => new Number(BinaryPrimitives.ReadInt64LittleEndian(bytes)));

    public static readonly Method<Number, Number> Double = new(MethodType.Unary, "Sum", "Double", Wire, Wire);

    public static readonly Method<Number, Number> Running = new(MethodType.DuplexStreaming, "Sum", "Running", Wire, Wire);
}

/// <summary>Where the methods are bound to the service.</summary>
[BindServiceMethod(typeof(SumServiceBase), nameof(BindService))]
internal abstract class SumServiceBase
{
    public static void BindService(ServiceBinderBase binder, SumServiceBase? service)
    {
        binder.AddMethod(SumContract.Double, service is null ? null : service.Double);
        binder.AddMethod(SumContract.Running, service is null ? null : service.Running);
    }

    public abstract Task<Number> Double(Number request, ServerCallContext context);

    public abstract Task Running(IAsyncStreamReader<Number> requests, IServerStreamWriter<Number> responses, ServerCallContext context);
}

/// <summary>Doubles a number; answers each number of a stream with the sum so far.</summary>
internal sealed class SumService : SumServiceBase
{
    public override Task<Number> Double(Number request, ServerCallContext context) => Task.FromResult(new Number(2 * request.Value));

    public override async Task Running(IAsyncStreamReader<Number> requests, IServerStreamWriter<Number> responses, ServerCallContext context)
    {
        long sum = 0;
        await foreach (Number number in requests.ReadAllAsync())
        {
            sum += number.Value;
            await responses.WriteAsync(new Number(sum));
        }
    }
}
